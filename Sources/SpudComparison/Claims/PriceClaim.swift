internal import SpudInference
internal import SpudPipeline

/// "It is aggressively priced."
package enum PriceClaim {
  static let method = """
    The price of a request is its wall time on the cores reserved for it, at the price given for a core-hour. Bills \
    are compared: the mean price of the same questions, each the mean of its repetitions, with the interval of the \
    bootstrap over questions. Every system here reserves the same cores, so this is the mean of the times that \
    “Latency” compares by their medians, and no evidence of another kind. The price per token computed, which is what \
    price lists show, stands beside it: a unified stream carries more tokens for the same request, so the two can \
    disagree. The baseline is the pipeline with the smallest bill, of all questions and of each kind of prompt by \
    itself. First questions only, all kinds of prompt with media, as many of each.
    """
  static let line = """
    Holds when the unified model's bill is smaller than that of the pipeline which is cheapest there, the interval of \
    the ratio below 1, in every kind of prompt with media and in all together; holds in part when it is so in some or \
    in all together; does not hold otherwise.
    """

  package static func verdict(total: Estimate, kinds: [Estimate]) -> Verdict {
    let cheaper = ([total] + kinds).filter { $0.high < 1 }.count
    return cheaper == kinds.count + 1 ? .holds : cheaper == 0 ? .doesNotHold : .holdsInPart
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
    func cheapest(_ candidates: [(SystemCard, [AnswerPair])]) -> (SystemCard, [AnswerPair])? {
      candidates.filter { !$0.1.isEmpty }.min { first, second in
        cost(evidence, first.1.map(\.other), cores: first.0.cores).perRequest
          < cost(evidence, second.1.map(\.other), cores: second.0.cores).perRequest
      }
    }
    guard let (baseline, pairs) = cheapest(candidates) else {
      return id.notMeasured("No question with media was answered by both.", method: method, line: line)
    }
    func ratio(to baseline: SystemCard, _ pairs: [AnswerPair]) -> Estimate {
      let bills = pairs.byQuestion.map { question in
        (
          cost(evidence, question.map(\.unified), cores: unified.cores).perRequest,
          cost(evidence, question.map(\.other), cores: baseline.cores).perRequest
        )
      }
      return .ratioOfMeans(bills, seed: evidence.seed)
    }
    let ours = cost(evidence, pairs.map(\.unified), cores: unified.cores)
    let theirs = cost(evidence, pairs.map(\.other), cores: baseline.cores)
    let total = ratio(to: baseline, pairs)
    var kinds: [PromptKind: Estimate] = [:]
    for kind in PromptKind.allCases {
      let ofKind = candidates.map { ($0.0, $0.1.filter { $0.unified.kind == kind }) }
      if let (baseline, pairs) = cheapest(ofKind) { kinds[kind] = ratio(to: baseline, pairs) }
    }
    let dearer = PromptKind.allCases.filter { kind in kinds[kind].map { $0.high >= 1 } ?? false }.map(\.rawValue)
    let exception =
      dearer.isEmpty ? "" : ", but not surely smaller for every kind of prompt (\(dearer.joined(separator: ", ")))"
    return Claim(
      id: id, statement: id.statement,
      finding: """
        The unified model's bill for the questions with media is \(Format.factor(total.value)) that of \(baseline.id)\
        \(exception). A token computed costs \(Format.factor(ours.perToken / max(theirs.perToken, 1e-300))) as much, \
        and the unified stream carries \(Format.factor(ours.tokens / max(theirs.tokens, 1e-9))) the \
        tokens.\(Verdict.remark(count: total.count))
        """,
      measured: Figure("unified, a thousand requests", ours.perRequest * 1000, .moneyPerThousand),
      baseline: Figure("\(baseline.id), a thousand requests", theirs.perRequest * 1000, .moneyPerThousand),
      ratio: total,
      verdict: verdict(total: total, kinds: Array(kinds.values))
        .onlyHolding(if: total.count >= Verdict.leastCount),
      runs: total.count, spread: "95 % interval of the ratio \(Format.interval(total, .factor))",
      method: method + " Price: \(Format.money(evidence.pricePerCoreHour)) per core-hour.", line: line,
      tables: [table(evidence)], plots: [plot(kinds, total: total)])
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
      columns: [
        "prompt", "system", "tokens a request", "per 1,000 requests", "per million tokens", "per 1,000 full scores",
        "requests",
      ],
      rows: rows)
  }

  /// The price of scores that add up to a thousand: a cheap system that is wrong is not cheap.
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
      caption: "Left of 1 the unified model is cheaper. Bars are 95 % intervals of the ratio of the bills.",
      content: .forest(
        Plot.Forest(
          rows: rows + [.init(name: "all", estimate: total, isTotal: true)], unit: .factor, neutral: 1,
          leftLabel: "unified cheaper", rightLabel: "pipeline cheaper")))
  }
}
