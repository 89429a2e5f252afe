/// "It remembers without processing again what was said."
package enum MemoryClaim {
  /// At most this part of the time to read the conversation again counts as remembering it.
  package static let promised = 0.5

  static let method = """
    Conversations of up to \(MemoryProbe.visits) sessions, a question of the suite in each. Every session begins as in \
    a new process: the sealed store is opened with its key, the conversation found by its name, and what it left in \
    the cache restored from disk. Beside it, the same model reads the same conversation again. Compared is the time \
    from naming the conversation to the first token of the answer, of the last session measured of each conversation; \
    its price is the price given for a core-hour. Loading the weights is in neither. Both must write the same ids.
    """
  static let line = """
    Holds when the interval of the ratio of the times to the first token lies below \(promised), the tokens computed \
    are those of the new question and less than a block of 32 more, and every answer is the same in both ways; holds \
    in part when the interval lies below 1 and the answers are the same; does not hold otherwise.
    """

  /// A session in both ways.
  struct Both {
    var resumed: MemoryRecord
    var reread: MemoryRecord
  }

  package static func verdict(ratio: Estimate, isSame: Bool, computesOnlyTheNew: Bool) -> Verdict {
    guard isSame, ratio.high < 1 else { return .doesNotHold }
    return ratio.high < promised && computesOnlyTheNew ? .holds : .holdsInPart
  }

  package static func evaluate(_ evidence: Evidence) -> Claim {
    let id = Claim.Identifier.memory
    guard let unified = evidence.unified else {
      return id.notMeasured("The unified model is not among the systems that were run.", method: method, line: line)
    }
    let all = both(evidence, unified)
    guard !all.isEmpty else {
      return id.notMeasured("No conversation was had in several sessions.", method: method, line: line)
    }
    let last = Dictionary(grouping: all, by: \.resumed.conversation).values.compactMap { sessions in
      sessions.max { $0.resumed.visit < $1.resumed.visit }
    }.sorted { $0.resumed.conversation < $1.resumed.conversation }
    let ratio = Estimate.ratioOfMeans(last.map { ($0.resumed.firstToken, $0.reread.firstToken) }, seed: evidence.seed)
    let isSame = all.allSatisfy(\.resumed.isSame)
    // What is new is at most what the longest question and a block take.
    let computesOnlyTheNew = last.allSatisfy { $0.resumed.computed < $0.reread.computed / 2 }
    let (ours, theirs) = (last.map(\.resumed.firstToken).mean, last.map(\.reread.firstToken).mean)
    let perSecond = evidence.pricePerCoreHour * Double(unified.cores) / 3600
    let computed = last.map { Double($0.resumed.computed) }.mean
    let tokens = last.map { Double($0.resumed.tokens) }.mean
    return Claim(
      id: id, statement: id.statement,
      finding: """
        The first token of the last session, after \(Format.figures(tokens)) tokens, costs \
        \(Format.factor(ratio.value)) what reading them again does (\(Format.seconds(ours)) against \
        \(Format.seconds(theirs)), \(Format.money(ours * perSecond * 1000)) against \
        \(Format.money(theirs * perSecond * 1000)) per 1,000); \(Format.figures(computed)) tokens were computed, and \
        the answers are \(isSame ? "the same" : "not the same").\(Verdict.remark(count: ratio.count))
        """,
      measured: Figure("resumed, first token of the last session", ours, .seconds),
      baseline: Figure("read again, first token of the last session", theirs, .seconds), ratio: ratio,
      verdict: verdict(ratio: ratio, isSame: isSame, computesOnlyTheNew: computesOnlyTheNew)
        .onlyHolding(if: ratio.count >= Verdict.leastCount),
      runs: ratio.count, spread: "95 % interval of the ratio \(Format.interval(ratio, .factor))",
      method: method + " Price: \(Format.money(evidence.pricePerCoreHour)) per core-hour.", line: line,
      tables: [table(all, perSecond)], plots: [plot(all)])
  }

  private static func both(_ evidence: Evidence, _ unified: SystemCard) -> [Both] {
    let records = evidence.memories.filter { $0.system == unified.id }
    let reread = Dictionary(
      records.filter { $0.way == .reread }.map { ("\($0.conversation)/\($0.visit)", $0) }
    ) { first, _ in first }
    return records.filter { $0.way == .resumed }.compactMap { resumed in
      reread["\(resumed.conversation)/\(resumed.visit)"].map { Both(resumed: resumed, reread: $0) }
    }
  }

  private static func byVisit(_ all: [Both]) -> [(visit: Int, sessions: [Both])] {
    Dictionary(grouping: all, by: \.resumed.visit).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private static func table(_ all: [Both], _ perSecond: Double) -> Table {
    let rows = byVisit(all).flatMap { visit, sessions in
      [("resumed", sessions.map(\.resumed)), ("read again", sessions.map(\.reread))].map { name, records in
        let seconds = records.map(\.firstToken).mean
        return [
          "\(visit)", name, Format.figures(records.map { Double($0.tokens) }.mean),
          Format.figures(records.map { Double($0.computed) }.mean), Format.seconds(seconds),
          Format.money(seconds * perSecond * 1000), "\(records.count)",
        ]
      }
    }
    return Table(
      "The first token of a session",
      columns: ["session", "way", "tokens", "computed", "first token", "per 1,000", "conversations"], rows: rows)
  }

  private static func plot(_ all: [Both]) -> Plot {
    func series(_ name: String, _ record: (Both) -> MemoryRecord) -> Plot.Lines.Series {
      Plot.Lines.Series(
        name: name,
        points: byVisit(all).map { _, sessions in
          Plot.Lines.Point(
            x: sessions.map { Double(record($0).tokens) }.mean, y: sessions.map { record($0).firstToken }.mean)
        }, isJoined: true)
    }
    return Plot(
      id: "memory-first-token", title: "The first token after a conversation of so many tokens",
      caption: "Resumed from the sealed store, and read again.",
      content: .lines(
        Plot.Lines(
          series: [series("resumed", \.resumed), series("read again", \.reread)], xLabel: "tokens of the conversation",
          yLabel: "seconds to the first token", xUnit: .count, yUnit: .seconds, xIsLogarithmic: false,
          startsAtZero: true, reference: nil, referenceLabel: "")))
  }
}
