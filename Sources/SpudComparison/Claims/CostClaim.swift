/// "Routing to experts cuts the cost per token by 35 %."
package enum CostClaim {
  package static let promised = 0.35

  static func method(overRuns: Bool) -> String {
    """
    Cost is compared at equal quality, not at equal size: dense controls of several sizes make a curve of cost against \
    final loss, and the dense model that would reach a mixture's loss is read off it, linear in the logarithms. All \
    runs are of one recipe and as long as each other; whether they saw the same batches is read off their logs, and a \
    run that did not is named. The losses are those of the training batches, the mean of the last twentieth of a log; \
    none is of held-out data. Operations and bytes per token are counted from the configurations. Nothing is \
    extrapolated: a loss that the curve does not enclose gives a bound, and is called one. \
    \(overRuns ? scatterOfRuns : scatterOfEnds) Trained dense models, where there are any, \
    answer the same questions as the mixture; their scores, which give a part of 1 to an answer that is right in part, \
    are reported beside the curves, and do not enter the verdict. Time and money per million tokens are those of \
    the trained models, writing one token at a time.
    """
  }
  private static let scatterOfEnds = """
    Each size was trained once: the range given spans the mixtures and the scatter of the losses at the curves' ends; \
    it is no interval over runs, for what another run of the same size would give was not measured.
    """
  private static let scatterOfRuns = """
    Sizes that were trained more than once, with other seeds, tell how far runs of one size lie apart, as a share of \
    their loss; that share is taken to be the same for all sizes, and gives each mean loss its interval (Student's t). \
    The range given spans the mixtures and these intervals.
    """
  static func line(overRuns: Bool) -> String {
    overRuns
      ? """
      Holds when every mixture surely (by the intervals over runs) saves 35 % of the operations of the dense model of \
      its loss; holds in part when every mixture surely saves some; does not hold when every mixture surely saves less \
      than 35 %, and some perhaps nothing; cannot be told otherwise.
      """
      : """
      With one run of each size there is no interval over runs, so they can neither show nor refute the claim: it \
      holds in part when every mixture saves operations against the dense model of its loss, and cannot be told \
      otherwise, also where there is only an upper bound to what one saves. Several runs of each size would tell more.
      """
  }

  /// A mixture's operations over those of the dense model of equal loss.
  package struct Share: Sendable, Equatable {
    package var ratio: Double
    /// Of the dense model's operations.
    package var bound: EqualQuality.Bound

    func isSurelyBelow(_ limit: Double) -> Bool { ratio < limit && bound != .atMost }
    func isSurelyAbove(_ limit: Double) -> Bool { ratio > limit && bound != .atLeast }
  }

  /// - Parameters:
  ///   - shares: of each mixture, at its loss and at both ends of its interval.
  ///   - overRuns: whether the intervals are over runs.
  package static func verdict(_ shares: [(low: Share, value: Share, high: Share)], overRuns: Bool) -> Verdict {
    guard !shares.isEmpty else { return .notMeasured }
    guard overRuns else { return shares.allSatisfy { $0.value.isSurelyBelow(1) } ? .holdsInPart : .cannotTell }
    if shares.allSatisfy({ $0.high.isSurelyBelow(1 - promised) }) { return .holds }
    if shares.allSatisfy({ $0.high.isSurelyBelow(1) }) { return .holdsInPart }
    return shares.allSatisfy { $0.low.isSurelyAbove(1 - promised) } ? .doesNotHold : .cannotTell
  }

  /// The dense cost at the mixture's loss.
  package struct EqualQuality: Sendable, Equatable {
    package var cost: Double
    /// Whether the dense model of equal loss costs more than `cost`, or less, instead of just that.
    package var bound: Bound

    package enum Bound: Sendable, Equatable {
      case exact
      case atLeast
      case atMost
    }
  }

  /// What a dense model of the mixture's loss costs; nil without dense controls.
  package static func denseCost(
    atLoss loss: Double, dense: [ControlRun], cost: (ControlRun) -> Double
  ) -> EqualQuality? {
    let points = dense.map { (x: cost($0), y: $0.loss) }
    if let cost = Interpolation.solve(for: loss, in: points) { return EqualQuality(cost: cost, bound: .exact) }
    // Every dense control is worse: even the dearest does not reach the mixture. Or all are better.
    if let dearest = points.max(by: { $0.x < $1.x }), points.allSatisfy({ $0.y > loss }) {
      return EqualQuality(cost: dearest.x, bound: .atLeast)
    }
    if let cheapest = points.min(by: { $0.x < $1.x }), points.allSatisfy({ $0.y < loss }) {
      return EqualQuality(cost: cheapest.x, bound: .atMost)
    }
    return nil
  }

  package static func evaluate(_ evidence: Evidence) -> Claim {
    let id = Claim.Identifier.cost
    let dense = evidence.controls.filter(\.isDense)
    let mixtures = evidence.controls.filter { !$0.isDense }.sorted { $0.parameters < $1.parameters }
    let overRuns = evidence.controls.contains(where: \.spansRuns)
    let (method, line) = (method(overRuns: overRuns), line(overRuns: overRuns))
    guard !dense.isEmpty, !mixtures.isEmpty else {
      return id.notMeasured(
        dense.isEmpty
          ? "There is no dense control among the training curves, so equal quality cannot be read off."
          : "There is no mixture of experts among the training curves.",
        method: method, line: line)
    }
    let readings = mixtures.compactMap { Reading($0, dense: dense) }
    // The largest stands for all; one that saw the batches of the dense runs, if there is any.
    guard let shown = readings.last(where: { $0.mixture.strayedAt == nil }) ?? readings.last else {
      return id.notMeasured(
        "The dense controls' losses do not order by size, so equal quality cannot be read off.", method: method,
        line: line)
    }
    let range = Estimate(
      value: shown.shares.value.ratio, low: readings.map(\.shares.low.ratio).min() ?? 0,
      high: readings.map(\.shares.high.ratio).max() ?? 0, count: evidence.controls.count)
    let runs = evidence.controls.reduce(0) { $0 + $1.runs }
    let trained = TrainedControls(evidence)
    return Claim(
      id: id, statement: id.statement,
      finding: """
        Per token, against the dense model of equal loss, \(readings.map(\.sentence).joined(separator: ", ")); \
        \(ControlRun.count(evidence.controls)).\(disorder(dense))\(ControlRun.remark(evidence.controls))\
        \(trained.sentence)
        """,
      measured: Figure("\(shown.mixture.name), operations per token", Double(shown.mixture.flopsPerToken), .count),
      baseline: Figure("dense at equal loss, operations per token\(shown.limit)", shown.equal.cost, .count),
      ratio: range, verdict: verdict(readings.map(\.shares), overRuns: overRuns), runs: runs,
      spread: "from \(Format.factor(range.low)) to \(Format.factor(range.high)) the operations of a dense model, over "
        + (overRuns
          ? "all mixtures and the intervals of their losses over runs"
          : """
          all mixtures and the scatter of the losses at the curves' ends; one training run a control, so this is no \
          interval over runs
          """),
      method: method, line: line, tables: [table(evidence)] + trained.tables + times(evidence), plots: [plot(evidence)])
  }

  /// What one mixture saves.
  struct Reading {
    var mixture: ControlRun
    var equal: EqualQuality
    /// At the mixture's loss, and at both ends of what its interval and the dense runs' leave open.
    var shares: (low: Share, value: Share, high: Share)
    var saving: Double { 1 - shares.value.ratio }

    /// Nil when no dense model of equal loss can be read off.
    init?(_ mixture: ControlRun, dense: [ControlRun]) {
      let scatter = dense.map(\.lossSpread).max() ?? 0
      let spread = (mixture.lossSpread * mixture.lossSpread + scatter * scatter).squareRoot()
      let costs = [0, -spread, spread].compactMap { offset in
        denseCost(atLoss: mixture.loss + offset, dense: dense) { Double($0.flopsPerToken) }
      }
      guard let equal = costs.first, costs.count == 3 else { return nil }
      self.mixture = mixture
      self.equal = equal
      let found = costs.map { Share(ratio: Double(mixture.flopsPerToken) / $0.cost, bound: $0.bound) }
      // Where larger dense runs end worse, the better end need not be the lower one.
      let sorted = found.sorted { $0.ratio < $1.ratio }
      shares = (sorted[0], found[0], sorted[2])
    }

    var limit: String {
      switch equal.bound {
      case .exact: ""
      case .atLeast: " at least"
      case .atMost: " at most"
      }
    }

    var sentence: String {
      let start = "\(mixture.name) (loss \(Format.fixed(mixture.loss, 3)))"
      if saving >= 0 { return "\(start) saves\(limit) \(Format.percent(saving)) of the operations" }
      // At most a negative saving is at least a cost.
      let limit = equal.bound == .atMost ? " at least" : equal.bound == .atLeast ? " at most" : ""
      return "\(start) costs\(limit) \(Format.percent(-saving)) more"
    }
  }

  /// A sentence, after a space, on dense runs that are larger and yet end worse: so much at least one run differs from
  /// another. Empty when they order by size.
  static func disorder(_ dense: [ControlRun]) -> String {
    let sorted = dense.sorted { $0.flopsPerToken < $1.flopsPerToken }
    return zip(sorted, sorted.dropFirst()).filter { $0.loss < $1.loss }.map { smaller, larger in
      """
       \(larger.name) ends at a higher loss (\(Format.fixed(larger.loss, 3))) than the smaller \(smaller.name) \
      (\(Format.fixed(smaller.loss, 3)))\
      \(larger.spansRuns ? "." : ": single runs are no finer than that.")
      """
    }.joined()
  }

  /// What a million written tokens take of the trained models.
  private static func times(_ evidence: Evidence) -> [Table] {
    let groups = Dictionary(grouping: evidence.decodes.filter(\.isTrained), by: \.model)
    let rows = groups.keys.sorted().compactMap { name -> [String]? in
      guard let records = groups[name], let first = records.first else { return nil }
      let cores = Double(evidence.systems.first { $0.id == name }?.cores ?? 1)
      let seconds = records.map(\.secondsPerToken).median * 1e6
      return [
        name, Format.number(Double(2 * first.activeParameters) * 1e6), Format.number(Double(first.bytesPerToken) * 1e6),
        Format.seconds(seconds), Format.money(seconds * cores / 3600 * evidence.pricePerCoreHour), "\(records.count)",
      ]
    }
    return rows.isEmpty
      ? []
      : [
        Table(
          "A million tokens, written one at a time",
          columns: ["model", "operations", "bytes read", "time", "money", "runs"], rows: rows)
      ]
  }

  private static func table(_ evidence: Evidence) -> Table {
    Table(
      "Training runs",
      columns: [
        "size", "experts", "parameters", "active", "operations per token", "bytes per token", "training tokens", "runs",
        "training loss", "±",
      ],
      rows: evidence.controls.sorted { $0.flopsPerToken < $1.flopsPerToken }.map { run in
        [
          run.name, run.isDense ? "dense" : "\(run.experts)", Format.number(Double(run.parameters)),
          Format.number(Double(run.activeParameters)), Format.number(Double(run.flopsPerToken)),
          Format.number(Double(run.bytesPerToken)), Format.number(run.tokens), "\(run.runs)",
          Format.fixed(run.loss, 3), Format.fixed(run.lossSpread, 3),
        ]
      })
  }

  private static func plot(_ evidence: Evidence) -> Plot {
    func series(_ name: String, _ runs: [ControlRun]) -> Plot.Lines.Series {
      .init(
        name: name,
        points: runs.sorted { $0.flopsPerToken < $1.flopsPerToken }.map {
          .init(
            x: Double($0.flopsPerToken), y: $0.loss, low: $0.loss - $0.lossSpread, high: $0.loss + $0.lossSpread)
        }, isJoined: true)
    }
    return Plot(
      id: "cost-loss", title: "Loss against operations per token",
      caption: """
        Lower is better, left is cheaper; a mixture left of the dense curve saves. The losses are of \
        \(ControlRun.count(evidence.controls)).
        """,
      content: .lines(
        Plot.Lines(
          series: [
            series("dense", evidence.controls.filter(\.isDense)),
            series("mixture of experts", evidence.controls.filter { !$0.isDense }),
          ],
          xLabel: "operations per token", yLabel: "final training loss", xUnit: .count, yUnit: .loss,
          xIsLogarithmic: true, startsAtZero: false, reference: nil, referenceLabel: "")))
  }
}
