internal import SpudPipeline

/// "It is aggressively priced."
package enum PriceClaim {
  static let method = """
    The price of a request is its wall time on the cores reserved for it, at the price given for a core-hour. It is \
    reported per request, which is what a user pays for, and per token computed, which is what price lists show: a \
    unified stream carries more tokens for the same request, so the two can disagree. The baseline is the cheapest \
    pipeline. First questions only, all kinds of prompt with media.
    """
  static let line = """
    Holds when a request to the unified model is cheaper than to the cheapest pipeline, the interval of the ratio \
    below 1; holds in part when it is cheaper per token only, or in some kinds of prompt only; does not hold \
    otherwise.
    """

  package static func verdict(perRequest: Estimate, perToken: Double, kinds: [Estimate]) -> Verdict {
    if perRequest.high < 1 { return .holds }
    return perToken < 1 || kinds.contains { $0.high < 1 } ? .holdsInPart : .doesNotHold
  }

  struct Cost {
    var perRequest: Double
    var perToken: Double
    var tokens: Double
  }

  package static func evaluate(_ evidence: Evidence) -> Claim {
    let id = Claim.Identifier.price
    guard let unified = evidence.unified, evidence.missingPipeline == nil else {
      return id.notMeasured(evidence.missingPipeline ?? "", method: method, line: line)
    }
    let candidates = evidence.pipelines.compactMap { pipeline -> (SystemCard, [AnswerPair])? in
      let pairs = evidence.pairs(unified, pipeline, modes: [.timed]) { $0.kind != .text }
      return pairs.isEmpty ? nil : (pipeline, pairs)
    }
    let cheapest = candidates.min { first, second in
      cost(evidence, first.1.map(\.other), cores: first.0.cores).perRequest
        < cost(evidence, second.1.map(\.other), cores: second.0.cores).perRequest
    }
    guard let (baseline, pairs) = cheapest else {
      return id.notMeasured("No question with media was answered by both.", method: method, line: line)
    }
    let ours = cost(evidence, pairs.map(\.unified), cores: unified.cores)
    let theirs = cost(evidence, pairs.map(\.other), cores: baseline.cores)
    let cores = Double(unified.cores) / Double(max(1, baseline.cores))
    func ratio(_ pairs: [AnswerPair]) -> Estimate {
      .medianRatio(pairs.map { max($0.unified.total, 1e-9) / max($0.other.total, 1e-9) * cores })
    }
    let perRequest = ratio(pairs)
    let prices = pairs.map { pair in
      (
        cost(evidence, [pair.unified], cores: unified.cores).perRequest,
        cost(evidence, [pair.other], cores: baseline.cores).perRequest
      )
    }
    let middle = Estimate.middlePair(prices)
    let perToken = ours.perToken / max(theirs.perToken, 1e-300)
    let kinds = Dictionary(grouping: pairs, by: \.unified.kind).mapValues(ratio)
    let disagreement =
      (perToken < 1) == (perRequest.value < 1)
      ? "The two agree."
      : "The two disagree: the unified stream carries "
        + "\(Format.factor(ours.tokens / max(theirs.tokens, 1e-9))) the tokens."
    return Claim(
      id: id, statement: id.statement,
      finding: """
        Per request the unified model costs \(Format.factor(perRequest.value)) what \(baseline.id) costs, per token \
        \(Format.factor(perToken)). \(disagreement)\(Verdict.remark(count: pairs.count))
        """,
      measured: Figure("unified, a thousand requests as in the middle pair", middle.0 * 1000, .moneyPerThousand),
      baseline: Figure("\(baseline.id), a thousand as in the middle pair", middle.1 * 1000, .moneyPerThousand),
      ratio: perRequest, verdict: verdict(perRequest: perRequest, perToken: perToken, kinds: Array(kinds.values))
        .onlyHolding(if: pairs.count >= Verdict.leastCount),
      runs: pairs.count, spread: "95 % interval of the ratio per request \(Format.interval(perRequest, .factor)); on average "
        + "\(Format.money(ours.perRequest * 1000)) and \(Format.money(theirs.perRequest * 1000)) a thousand requests",
      method: method + " Price: \(Format.money(evidence.pricePerCoreHour)) per core-hour.", line: line,
      tables: [table(evidence)], plots: [plot(kinds, total: perRequest)])
  }

  static func cost(_ evidence: Evidence, _ records: [AnswerRecord], cores: Int) -> Cost {
    let perSecond = evidence.pricePerCoreHour * Double(cores) / 3600
    let seconds = records.reduce(0) { $0 + $1.total }
    let tokens = records.reduce(0) { $0 + $1.usage.computed }
    return Cost(
      perRequest: seconds * perSecond / Double(max(1, records.count)),
      perToken: seconds * perSecond / Double(max(1, tokens)), tokens: Double(tokens) / Double(max(1, records.count)))
  }

  private static func table(_ evidence: Evidence) -> Table {
    var rows: [[String]] = []
    for kind in PromptKind.allCases {
      for system in evidence.systems {
        let records = evidence.answers(of: system, modes: [.timed]).filter { $0.kind == kind }
        guard !records.isEmpty else { continue }
        let cost = cost(evidence, records, cores: system.cores)
        rows.append([
          kind.rawValue, system.id, Format.figures(cost.tokens), Format.money(cost.perRequest * 1000),
          Format.money(cost.perToken * 1e6), perRight(evidence, system, kind, cost), "\(records.count)",
        ])
      }
    }
    return Table(
      "Price by kind of prompt",
      columns: ["prompt", "system", "tokens a request", "per 1,000 requests", "per million tokens", "per 1,000 right answers", "requests"],
      rows: rows)
  }

  /// The price of a thousand right answers: a cheap system that is wrong is not cheap.
  private static func perRight(
    _ evidence: Evidence, _ system: SystemCard, _ kind: PromptKind, _ cost: Cost
  ) -> String {
    let answers = evidence.answers(of: system, modes: [.question]).filter { $0.kind == kind }
    let right = answers.map(\.score.value).mean
    return right > 0 ? Format.money(cost.perRequest * 1000 / right) : "–"
  }

  private static func plot(_ kinds: [PromptKind: Estimate], total: Estimate) -> Plot {
    let rows = PromptKind.allCases.compactMap { kind in
      kinds[kind].map { Plot.Forest.Row(name: kind.rawValue, estimate: $0, isTotal: false) }
    }
    return Plot(
      id: "price-ratio", title: "Price of a request, unified over the cheapest pipeline",
      caption: "Left of 1 the unified model is cheaper. Bars are 95 % intervals of the median ratio.",
      content: .forest(
        Plot.Forest(
          rows: rows + [.init(name: "all", estimate: total, isTotal: true)], unit: .factor, neutral: 1,
          leftLabel: "unified cheaper", rightLabel: "pipeline cheaper")))
  }
}
