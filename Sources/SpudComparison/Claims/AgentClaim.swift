/// "An agent that sees the screen itself finishes work of many steps."
package enum AgentClaim {
  /// The fewest steps of a task that counts.
  package static let leastSteps = 14
  /// The share of tasks that must be finished.
  package static let promised = 0.9

  static let method = """
    Tasks of an office portal in a browser, of at least \(leastSteps) steps, with refusals, lies, ended sessions and \
    moved layouts on the way. Each is done twice by the same agent with the same hands, which know the portal and are \
    no trained model: from what it sees, and from a description of it, a line of words for each part of the screen, \
    by whose number a part is clicked. A judge compares the records with those of a clerk who errs nowhere; finished \
    means that no row is missing or too many and every blocker was reported.
    """
  static let line = """
    Holds when the interval of the tasks finished by sight reaches above \(Format.percent(promised)) and lies at no \
    point under \(Format.percent(promised - 0.1)), and the interval of its lead over descriptions lies above 0; holds \
    in part when the first is so and the second is not; does not hold otherwise.
    """

  package static func verdict(seen: Estimate, lead: Estimate) -> Verdict {
    guard seen.value >= promised, seen.low >= promised - 0.1 else { return .doesNotHold }
    return lead.low > 0 ? .holds : .holdsInPart
  }

  package static func evaluate(_ evidence: Evidence) -> Claim {
    let id = Claim.Identifier.agent
    guard let work = evidence.agent?.agent else {
      return id.notMeasured("No browser was started in this run.", method: method, line: line)
    }
    let runs = (work.runs ?? []).filter { $0.steps >= leastSteps }
    let described = Dictionary(runs.filter(\.described).map { ($0.task, $0) }) { first, _ in first }
    let pairs = runs.filter { !$0.described }.compactMap { run in described[run.task].map { (run, $0) } }
    guard !pairs.isEmpty else {
      return id.cannotTell(work.missing ?? "No task was long enough.", method: method, line: line)
    }
    let seen = Estimate.proportion(pairs.count { $0.0.complete }, of: pairs.count)
    let told = Estimate.proportion(pairs.count { $0.1.complete }, of: pairs.count)
    let lead = Estimate.meanDifference(pairs.map { ($0.0.complete ? 1 : 0) - ($0.1.complete ? 1 : 0) })
    let seconds = Estimate.ratioOfMeans(pairs.map { ($0.0.seconds, $0.1.seconds) }, seed: evidence.seed)
    let letters = pairs.map { Double($0.1.letters) / Double(max(1, $0.1.actions)) }.mean
    return Claim(
      id: id, statement: id.statement,
      finding: """
        By sight the agent finished \(pairs.count { $0.0.complete }) of \(pairs.count) tasks of \(leastSteps) steps \
        and more, from descriptions \(pairs.count { $0.1.complete }), of \(Format.figures(letters)) letters an action; \
        by sight it took \(Format.factor(seconds.value)) the time.\(Verdict.remark(count: pairs.count))
        """,
      measured: Figure("by sight, tasks finished", seen.value, .share),
      baseline: Figure("from descriptions, tasks finished", told.value, .share),
      ratio: told.value > 0 ? .exact(seen.value / told.value, count: pairs.count) : nil,
      verdict: verdict(seen: seen, lead: lead).onlyHolding(if: pairs.count >= Verdict.leastCount), runs: pairs.count,
      spread: """
        95 % intervals: finished \(Format.interval(seen, .share)) and \(Format.interval(told, .share)), lead \
        \(Format.interval(lead, .points)), time \(Format.interval(seconds, .factor))
        """,
      method: method, line: line, tables: [table(pairs)])
  }

  private static func table(_ pairs: [(AgentRecord.Run, AgentRecord.Run)]) -> Table {
    func row(_ name: String, _ runs: [AgentRecord.Run]) -> [String] {
      [
        name, "\(runs.count { $0.complete }) of \(runs.count)", Format.figures(runs.map { Double($0.steps) }.mean),
        Format.figures(runs.map { Double($0.actions) }.mean), Format.seconds(runs.map(\.seconds).mean),
      ]
    }
    return Table(
      "Tasks of \(leastSteps) steps and more", columns: ["way", "finished", "steps needed", "actions taken", "time"],
      rows: [row("by sight", pairs.map(\.0)), row("from descriptions", pairs.map(\.1))])
  }
}
