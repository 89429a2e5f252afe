/// "Capability grows at constant latency per token."
package enum ConstantLatencyClaim {
  /// A growth of the time per token up to this factor counts as constant.
  package static let tolerance = 1.10

  static let method = """
    Models that differ in nothing but their number of experts (random weights: the time does not depend on their \
    values, and they know nothing) write tokens one at a time after the same context, in turn, so the largest is \
    compared with the smallest run by run. Then one model writes after contexts of rising length, all runs of one \
    length before the next: there the two medians are compared, each with its own interval, and what the machine did \
    in between is not in it. Trained models are timed in turn with the others. More experts can only help if they are \
    trained: that capability grows at all is read off the losses of mixtures that differ in their number of experts \
    (see “Cost per token”).
    """
  static let line = """
    Holds when the time per token surely (by its interval) grows by at most 10 % both from the fewest to the most \
    experts and from the shortest to the longest context, and the loss falls from each number of experts to the next; \
    holds in part when at least one of the two times surely grows by at most 10 %; does not hold when neither does and \
    at least one surely grows by more; cannot tell when neither is sure.
    """

  /// - Parameter capability: whether the loss falls with the number of experts; nil when no curves tell.
  package static func verdict(experts: Estimate?, context: Estimate?, capability: Bool?) -> Verdict {
    let growths = [experts, context].compactMap { $0 }
    guard !growths.isEmpty else { return .notMeasured }
    guard growths.contains(where: { $0.high <= tolerance }) else {
      return growths.contains { $0.low > tolerance } ? .doesNotHold : .cannotTell
    }
    return growths.count == 2 && growths.allSatisfy { $0.high <= tolerance } && capability == true
      ? .holds : .holdsInPart
  }

  /// The training runs of mixtures by their number of experts, when there are several of one active size.
  static func mixtures(_ evidence: Evidence) -> [ControlRun] {
    let mixtures = evidence.controls.filter { !$0.isDense }.sorted { $0.experts < $1.experts }
    guard let first = mixtures.first else { return [] }
    // The router grows with the experts; nothing else may.
    return mixtures.filter {
      abs(Double($0.activeParameters) / Double(max(1, first.activeParameters)) - 1) < 0.05
    }
  }

  /// The runs of one model at one point of an axis.
  struct Point {
    var first: DecodeRecord
    /// In the order of the repetitions.
    var records: [DecodeRecord]
    var times: [Double] { records.map(\.secondsPerToken) }
    var median: Double { times.median }
  }

  static func points(_ evidence: Evidence, axis: DecodeRecord.Axis) -> [Point] {
    func position(_ record: DecodeRecord) -> Int { axis == .experts ? record.experts : record.context }
    let groups = Dictionary(
      grouping:
        evidence.decodes.filter { $0.axis == axis && !$0.isTrained }, by: position)
    return groups.keys.sorted().compactMap { key in
      guard let records = groups[key], let first = records.first else { return nil }
      return Point(first: first, records: records.sorted { $0.repetition < $1.repetition })
    }
  }

  /// The last point's time over the first's.
  ///
  /// - Parameter inTurn: whether the points were measured in turn, so that runs of one repetition belong together;
  ///   otherwise the medians are divided, and the interval is that of both.
  static func growth(_ points: [Point], inTurn: Bool) -> Estimate? {
    guard points.count > 1, let first = points.first, let last = points.last else { return nil }
    guard inTurn else { return Estimate.medianRatio(last.times).divided(by: .medianRatio(first.times)) }
    let ratios = last.records.compactMap { record in
      first.records.first { $0.repetition == record.repetition }.map { record.secondsPerToken / $0.secondsPerToken }
    }
    return ratios.isEmpty ? nil : .medianRatio(ratios)
  }

  /// Whether the loss falls from each number of experts to the next; nil for fewer than two mixtures.
  static func capability(_ mixtures: [ControlRun]) -> Bool? {
    mixtures.count > 1 ? zip(mixtures, mixtures.dropFirst()).allSatisfy { $0.loss > $1.loss } : nil
  }

  package static func evaluate(_ evidence: Evidence) -> Claim {
    let id = Claim.Identifier.constantLatency
    let experts = points(evidence, axis: .experts)
    let contexts = points(evidence, axis: .context)
    let byExperts = growth(experts, inTurn: true)
    let byContext = growth(contexts, inTurn: false)
    let mixtures = mixtures(evidence)
    let verdict = verdict(experts: byExperts, context: byContext, capability: capability(mixtures))
    guard verdict != .notMeasured, let shown = experts.count > 1 ? experts : contexts as [Point]?,
      let smallest = shown.first, let largest = shown.last
    else {
      return id.notMeasured("No decode times at different sizes were taken.", method: method, line: line)
    }
    var sentences: [String] = []
    if let growth = byExperts, let first = experts.first, let last = experts.last {
      sentences.append(
        """
        From \(first.first.experts) to \(last.first.experts) experts, \
        \(Format.factor(Double(last.first.parameters) / Double(max(1, first.first.parameters)))) the parameters at the \
        same active size, a token takes \(Format.factor(growth.value)) the time.
        """)
    }
    if let growth = byContext, let first = contexts.first, let last = contexts.last {
      sentences.append(
        """
        From \(Format.grouped(first.first.context)) to \(Format.grouped(last.first.context)) tokens of context it \
        takes \(Format.factor(growth.value)) the time.
        """)
    }
    if mixtures.count > 1 {
      let losses = mixtures.map { "\($0.experts) experts \(Format.fixed($0.loss, 3))" }
      sentences.append(
        "Final losses, \(ControlRun.count(mixtures)): \(losses.joined(separator: ", "))."
          + ControlRun.remark(evidence.controls))
    } else {
      sentences.append("Whether more experts learn more was not measured: there are no curves of mixtures to compare.")
    }
    return Claim(
      id: id, statement: id.statement, finding: sentences.joined(separator: " "),
      measured: Figure("\(largest.first.experts) experts, time per token", largest.median, .seconds),
      baseline: Figure("\(smallest.first.experts) experts, time per token", smallest.median, .seconds),
      ratio: byExperts ?? byContext, verdict: verdict, runs: evidence.decodes.count,
      spread: [
        byExperts.map { "experts: 95 % interval \(Format.interval($0, .factor))" },
        byContext.map { "context: 95 % interval \(Format.interval($0, .factor))" },
      ].compactMap { $0 }.joined(separator: "; "),
      method: method, line: line, tables: tables(experts, contexts) + trained(evidence), plots: plots(experts, contexts)
    )
  }

  private static func trained(_ evidence: Evidence) -> [Table] {
    let groups = Dictionary(grouping: evidence.decodes.filter(\.isTrained), by: \.model)
    let rows = groups.keys.sorted().compactMap { name -> [String]? in
      guard let records = groups[name], let first = records.first else { return nil }
      let times = records.map(\.secondsPerToken)
      return [
        name, first.experts <= 1 ? "dense" : "\(first.experts)", Format.number(Double(first.parameters)),
        Format.number(Double(first.activeParameters)), Format.seconds(times.median),
        "\(Format.seconds(times.quantile(0))) … \(Format.seconds(times.quantile(1)))", "\(times.count)",
      ]
    }
    return rows.isEmpty
      ? []
      : [
        Table(
          "Trained models: time per token",
          columns: ["model", "experts", "parameters", "active", "median per token", "least … most", "runs"],
          rows: rows)
      ]
  }

  private static func tables(_ experts: [Point], _ contexts: [Point]) -> [Table] {
    func rows(_ points: [Point]) -> [[String]] {
      points.map { point in
        [
          "\(point.first.experts)", Format.grouped(point.first.context), Format.number(Double(point.first.parameters)),
          Format.number(Double(point.first.activeParameters)), Format.number(Double(point.first.bytesPerToken)),
          Format.seconds(point.median),
          "\(Format.seconds(point.times.quantile(0))) … \(Format.seconds(point.times.quantile(1)))",
          "\(point.times.count)",
        ]
      }
    }
    let columns = [
      "experts", "context", "parameters", "active", "bytes per token", "median per token", "least … most", "runs",
    ]
    return [
      Table("Time per token by number of experts", columns: columns, rows: rows(experts)),
      Table("Time per token by length of context", columns: columns, rows: rows(contexts)),
    ].filter { !$0.rows.isEmpty }
  }

  private static func plots(_ experts: [Point], _ contexts: [Point]) -> [Plot] {
    func series(_ points: [Point], x: (DecodeRecord) -> Int) -> [Plot.Lines.Series] {
      [
        .init(
          name: points.first?.first.model ?? "",
          points: points.map {
            .init(
              x: Double(x($0.first)), y: $0.median, low: $0.times.quantile(0), high: $0.times.quantile(1))
          }, isJoined: true)
      ]
    }
    var plots: [Plot] = []
    if let first = experts.first, experts.count > 1 {
      plots.append(
        Plot(
          id: "constant-experts", title: "Time per token against the number of experts",
          caption: "At constant active size. Flat is constant; whiskers reach from the fastest run to the slowest.",
          content: .lines(
            Plot.Lines(
              series: series(experts) { $0.experts }, xLabel: "experts", yLabel: "time per token", xUnit: .count,
              yUnit: .seconds, xIsLogarithmic: true, startsAtZero: true, reference: first.median * tolerance,
              referenceLabel: "10 % more"))))
    }
    if let first = contexts.first, contexts.count > 1 {
      plots.append(
        Plot(
          id: "constant-context", title: "Time per token against the length of the context",
          caption: "One model. Flat is constant; whiskers reach from the fastest run to the slowest.",
          content: .lines(
            Plot.Lines(
              series: series(contexts) { $0.context }, xLabel: "tokens of context", yLabel: "time per token",
              xUnit: .count, yUnit: .seconds, xIsLogarithmic: false, startsAtZero: true,
              reference: first.median * tolerance, referenceLabel: "10 % more"))))
    }
    return plots
  }
}
