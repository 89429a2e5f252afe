/// "Routing to experts cuts the cost per token by 35 %."
package enum CostClaim {
  package static let promised = 0.35

  static let method = """
    Cost is compared at equal quality, not at equal size: the final losses of dense controls of several sizes, trained \
    on the same data in the same order for the same budget, make a curve of cost against loss; the dense model that \
    would reach the mixture's loss is read off it, linear in the logarithms. Operations and bytes per token are \
    counted from the configurations. Nothing is extrapolated: a loss that the curve does not enclose gives a bound, \
    and is called one.
    """
  static let line = """
    Holds when the mixture needs at least 35 % fewer operations per token than the dense model of equal loss; holds in \
    part when it needs fewer, but less than that; does not hold when it needs as many or more.
    """

  package static func verdict(saving: Double) -> Verdict {
    saving >= promised ? .holds : saving > 0 ? .holdsInPart : .doesNotHold
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
    let saving = 1 - Double(mixture.flopsPerToken) / equal.cost
    let words =
      switch equal.bound {
      case .exact: ""
      case .atLeast: "at least "
      case .atMost: "at most "
      }
    return Claim(
      id: id, statement: id.statement,
      finding: """
        At its loss of \(Format.fixed(mixture.loss, 3)), \(mixture.name) needs \(words)\(Format.percent(saving)) fewer \
        operations per token than a dense model of equal loss (\(Format.number(Double(mixture.flopsPerToken))) against \
        \(words)\(Format.number(equal.cost))), and reads \
        \(Format.number(Double(mixture.bytesPerToken))) bytes against \(Format.number(bytes.cost)).
        """,
      measured: Figure("\(mixture.name), operations per token", Double(mixture.flopsPerToken), .count),
      baseline: Figure("dense at equal loss, operations per token", equal.cost, .count),
      ratio: .exact(Double(mixture.flopsPerToken) / equal.cost, count: dense.count),
      verdict: verdict(saving: saving), runs: evidence.controls.count,
      spread: "one training run a control; the spread over seeds was not measured", method: method, line: line,
      tables: [table(evidence)], plots: [plot(evidence)])
  }

  private static func table(_ evidence: Evidence) -> Table {
    Table(
      "Training runs",
      columns: [
        "run", "experts", "parameters", "active", "operations per token", "bytes per token", "training tokens", "loss",
      ],
      rows: evidence.controls.sorted { $0.flopsPerToken < $1.flopsPerToken }.map { run in
        [
          run.name, run.isDense ? "dense" : "\(run.experts)", Format.number(Double(run.parameters)),
          Format.number(Double(run.activeParameters)), Format.number(Double(run.flopsPerToken)),
          Format.number(Double(run.bytesPerToken)), Format.number(run.tokens), Format.fixed(run.loss, 3),
        ]
      })
  }

  private static func plot(_ evidence: Evidence) -> Plot {
    func series(_ name: String, _ runs: [ControlRun]) -> Plot.Lines.Series {
      .init(
        name: name,
        points: runs.sorted { $0.flopsPerToken < $1.flopsPerToken }.map {
          .init(x: Double($0.flopsPerToken), y: $0.loss, low: nil, high: nil)
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
