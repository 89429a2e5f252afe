/// "Capability grows at constant latency per token."
package enum ConstantLatencyClaim {
  /// A growth of the time per token up to this factor counts as constant.
  package static let tolerance = 1.10

  static let method = """
    Models that differ in nothing but their number of experts (random weights: the time does not depend on their \
    values, and they know nothing) write tokens one at a time after the same context, in turn; then one model writes \
    after contexts of rising length. Medians of the runs are compared, the largest against the smallest; trained \
    models are timed in turn with them. More experts can only help if they are trained: that capability grows at all \
    is read off the losses of mixtures that differ in their number of experts (see “Cost per token”).
    """
  static let line = """
    Holds when the time per token surely (by its interval) grows by at most 10 % both from the fewest to the most \
    experts and from the shortest to the longest context, and the loss falls with the number of experts; does not hold \
    when both surely grow by more; holds in part otherwise.
    """

  /// - Parameter capability: whether the loss falls with the number of experts; nil when no curves tell.
  package static func verdict(experts: Estimate?, context: Estimate?, capability: Bool?) -> Verdict {
    let growths = [experts, context].compactMap { $0 }
    guard !growths.isEmpty else { return .notMeasured }
    if growths.allSatisfy({ $0.low > tolerance }) { return .doesNotHold }
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
    var times: [Double]
    var median: Double { times.median }
  }

  static func points(_ evidence: Evidence, axis: DecodeRecord.Axis) -> [Point] {
    func position(_ record: DecodeRecord) -> Int { axis == .experts ? record.experts : record.context }
    let groups = Dictionary(grouping: 
      evidence.decodes.filter { $0.axis == axis && !$0.isTrained }, by: position)
    return groups.keys.sorted().compactMap { key in
      guard let records = groups[key], let first = records.first else { return nil }
      return Point(first: first, times: records.map(\.secondsPerToken))
    }
  }

  /// The last point's time over the first's, paired by repetition.
  static func growth(_ points: [Point]) -> Estimate? {
    guard points.count > 1, let first = points.first, let last = points.last else { return nil }
    let ratios = zip(last.times, first.times).map { $0 / $1 }
    return ratios.isEmpty ? nil : .medianRatio(ratios)
  }

  package static func evaluate(_ evidence: Evidence) -> Claim {
    let id = Claim.Identifier.constantLatency
    let experts = points(evidence, axis: .experts)
    let contexts = points(evidence, axis: .context)
    let byExperts = growth(experts)
    let byContext = growth(contexts)
    let mixtures = mixtures(evidence)
    let capability = mixtures.count > 1 ? (mixtures.last?.loss ?? 0) < (mixtures.first?.loss ?? 0) : nil
    let verdict = verdict(experts: byExperts, context: byContext, capability: capability)
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
    if let first = mixtures.first, let last = mixtures.last, mixtures.count > 1 {
      sentences.append(
        """
        Trained alike, \(last.experts) experts reach a loss of \(Format.fixed(last.loss, 3)), \(first.experts) reach \
        \(Format.fixed(first.loss, 3)).
        """)
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
      method: method, line: line, tables: tables(experts, contexts) + trained(evidence), plots: plots(experts, contexts))
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
