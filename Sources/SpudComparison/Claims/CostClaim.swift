/// "Routing to experts cuts the cost per token by 35 %."
package enum CostClaim {
  package static let promised = 0.35

  static let method = """
    Cost is compared at equal quality, not at equal size: the final losses of dense controls of several sizes, trained \
    on the same data in the same order for the same budget, make a curve of cost against loss; the dense model that \
    would reach the mixture's loss is read off it, linear in the logarithms. Operations and bytes per token are \
    counted from the configurations. Nothing is extrapolated: a loss that the curve does not enclose gives a bound, \
    and is called one. The interval comes from the scatter of the losses at the curves' ends; what another seed of the \
    training would give was not measured. Trained dense models, where there are any, answer the same questions as the \
    mixture; these answers are reported beside the curves, and do not enter the verdict. Time and money per million tokens are those of the trained models, writing one \
    token at a time.
    """
  static let line = """
    Holds when the mixture surely (by its interval) needs at least 35 % fewer operations per token than the dense model \
    of equal loss; does not hold when it surely needs as many or more; holds in part otherwise, and where there is only \
    an upper bound to what it saves.
    """

  /// - Parameters:
  ///   - saving: the share of operations saved.
  ///   - bound: `atMost` when the saving may be less than that.
  package static func verdict(saving: Estimate, bound: EqualQuality.Bound = .exact) -> Verdict {
    if saving.high <= 0 { return .doesNotHold }
    return saving.low >= promised && bound != .atMost ? .holds : .holdsInPart
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
    let mixtures = evidence.controls.filter { !$0.isDense }
    guard !dense.isEmpty, let mixture = mixtures.max(by: { $0.parameters < $1.parameters }) else {
      return id.notMeasured(
        dense.isEmpty
          ? "There is no dense control among the training curves, so equal quality cannot be read off."
          : "There is no mixture of experts among the training curves.",
        method: method, line: line)
    }
    guard let equal = denseCost(atLoss: mixture.loss, dense: dense, cost: { Double($0.flopsPerToken) }),
      let bytes = denseCost(atLoss: mixture.loss, dense: dense, cost: { Double($0.bytesPerToken) })
    else {
      return id.notMeasured(
        "The dense controls' losses do not order by size, so equal quality cannot be read off.", method: method,
        line: line)
    }
    let ratio = ratio(mixture, dense: dense, equal: equal)
    let saving = Estimate(
      value: 1 - ratio.value, low: 1 - ratio.high, high: 1 - ratio.low, count: ratio.count)
    let words =
      switch equal.bound {
      case .exact: ""
      case .atLeast: "at least "
      case .atMost: "at most "
      }
    let trained = TrainedControls(evidence)
    return Claim(
      id: id, statement: id.statement,
      finding: """
        At its loss of \(Format.fixed(mixture.loss, 3)), \(mixture.name) needs \(words)\(Format.percent(saving.value)) fewer \
        operations per token than a dense model of equal loss (\(Format.number(Double(mixture.flopsPerToken))) against \
        \(words)\(Format.number(equal.cost))), and reads \
        \(Format.number(Double(mixture.bytesPerToken))) bytes against \(Format.number(bytes.cost)).\(trained.sentence)
        """,
      measured: Figure("\(mixture.name), operations per token", Double(mixture.flopsPerToken), .count),
      baseline: Figure("dense at equal loss, operations per token", equal.cost, .count),
      ratio: ratio, verdict: verdict(saving: saving, bound: equal.bound), runs: evidence.controls.count,
      spread: "\(words)\(Format.percent(saving.value)) saved, \(Format.interval(saving, .share)) by the scatter of the "
        + "losses; one training run a control, so the spread over seeds is not in it",
      method: method, line: line, tables: [table(evidence)] + trained.tables + times(evidence), plots: [plot(evidence)])
  }

  /// The mixture's operations over those of the dense model of equal loss, at the loss and at both ends of what its
  /// scatter and the dense runs' leaves open.
  static func ratio(_ mixture: ControlRun, dense: [ControlRun], equal: EqualQuality) -> Estimate {
    let scatter = (dense.map(\.lossSpread) + [0]).max() ?? 0
    let spread = (mixture.lossSpread * mixture.lossSpread + scatter * scatter).squareRoot()
    let ratios = [mixture.loss - spread, mixture.loss, mixture.loss + spread].compactMap { loss in
      denseCost(atLoss: loss, dense: dense) { Double($0.flopsPerToken) }
    }.map { Double(mixture.flopsPerToken) / $0.cost }
    let value = Double(mixture.flopsPerToken) / equal.cost
    return Estimate(
      value: value, low: ratios.min() ?? value, high: ratios.max() ?? value, count: dense.count + 1)
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
        "run", "experts", "parameters", "active", "operations per token", "bytes per token", "training tokens", "loss",
        "±",
      ],
      rows: evidence.controls.sorted { $0.flopsPerToken < $1.flopsPerToken }.map { run in
        [
          run.name, run.isDense ? "dense" : "\(run.experts)", Format.number(Double(run.parameters)),
          Format.number(Double(run.activeParameters)), Format.number(Double(run.flopsPerToken)),
          Format.number(Double(run.bytesPerToken)), Format.number(run.tokens), Format.fixed(run.loss, 3),
          Format.fixed(run.lossSpread, 3),
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
      caption: "Lower is better, left is cheaper. Where the mixture lies left of the dense curve it saves.",
      content: .lines(
        Plot.Lines(
          series: [
            series("dense", evidence.controls.filter(\.isDense)),
            series("mixture of experts", evidence.controls.filter { !$0.isDense }),
          ],
          xLabel: "operations per token", yLabel: "final loss", xUnit: .count, yUnit: .loss, xIsLogarithmic: true,
          startsAtZero: false, reference: nil, referenceLabel: "")))
  }
}
