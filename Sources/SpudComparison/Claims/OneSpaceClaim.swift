/// "One latent space holds all modalities."
package enum OneSpaceClaim {
  /// The share of concepts that must find themselves for one space to be the word.
  package static let majority = 0.5

  static let method = """
    For each concept (a colour, a shape, a place) the hidden states after a layer are averaged over the tokens of \
    pictures that show it, of recordings that say it, and of texts that name it; each modality's own mean is taken \
    off. For each concept the nearest neighbour by cosine in another modality is looked up: a hit when it is the same \
    concept. Chance is one in the number of concepts. The plane shows the two largest principal components at the best \
    layer.
    """
  static let line = """
    Holds when, at the best layer, the interval of the hits over all pairs of modalities lies above 50 %; holds in \
    part when it lies above chance; does not hold otherwise.
    """

  package static func verdict(hits: Estimate, chance: Double) -> Verdict {
    if hits.low > majority { return .holds }
    return hits.low > chance ? .holdsInPart : .doesNotHold
  }

  package static func evaluate(_ evidence: Evidence) -> Claim {
    let id = Claim.Identifier.oneSpace
    let layers = Dictionary(grouping: evidence.spaces, by: \.layer)
    let scored = layers.mapValues { records in
      // The best layer is chosen for its hits, so its interval has to allow for all the layers looked at.
      Estimate.proportion(
        records.reduce(0) { $0 + $1.hits }, of: records.reduce(0) { $0 + $1.concepts }, chances: layers.count)
    }
    guard let best = scored.max(by: { ($0.value.value, -$0.key) < ($1.value.value, -$1.key) }),
      let records = layers[best.key], let concepts = records.map(\.concepts).max(), concepts > 0
    else {
      return id.notMeasured(
        "No concept of the suite stands in at least two modalities, or hidden states were not read.", method: method,
        line: line)
    }
    let chance = 1 / Double(concepts)
    return Claim(
      id: id, statement: id.statement,
      finding: """
        After layer \(best.key), \(Format.percent(best.value.value)) of the concepts are nearest to themselves in \
        another modality; chance is \(Format.percent(chance)).
        """,
      measured: Figure("concepts nearest to themselves, best layer", best.value.value, .share),
      baseline: Figure("chance", chance, .share),
      ratio: Estimate(
        value: best.value.value / chance, low: best.value.low / chance, high: best.value.high / chance,
        count: best.value.count),
      verdict: verdict(hits: best.value, chance: chance)
        .onlyHolding(if: best.value.count >= Verdict.leastCount),
      runs: best.value.count,
      spread: "95 % interval of the hits \(Format.interval(best.value, .share)); "
        + "widened because the layer was chosen for its hits among \(layers.count)",
      method: method, line: line, tables: [table(layers)], plots: plots(layers, best: best.key, chance: chance))
  }

  private static func table(_ layers: [Int: [SpaceRecord]]) -> Table {
    let pairs = Set(layers.values.joined().map(\.pair)).sorted()
    return Table(
      "Concepts nearest to themselves, by layer", columns: ["layer"] + pairs,
      rows: layers.keys.sorted().map { layer in
        ["\(layer)"]
          + pairs.map { pair in
            guard let record = layers[layer]?.first(where: { $0.pair == pair }) else { return "–" }
            return "\(record.hits) of \(record.concepts)"
          }
      })
  }

  private static func plots(_ layers: [Int: [SpaceRecord]], best: Int, chance: Double) -> [Plot] {
    let pairs = Set(layers.values.joined().map(\.pair)).sorted()
    let series = pairs.map { pair in
      Plot.Lines.Series(
        name: pair,
        points: layers.keys.sorted().compactMap { layer in
          guard let record = layers[layer]?.first(where: { $0.pair == pair }) else { return nil }
          let share = Estimate.proportion(record.hits, of: record.concepts)
          return .init(x: Double(layer), y: share.value, low: nil, high: nil)
        }, isJoined: true)
    }
    var plots = [
      Plot(
        id: "one-space-layers", title: "Concepts nearest to themselves in another modality, by layer",
        caption: "100 % would be one space; the dashed line is chance.",
        content: .lines(
          Plot.Lines(
            series: series, xLabel: "layer", yLabel: "hits", xUnit: .count, yUnit: .share, xIsLogarithmic: false,
            startsAtZero: true, reference: chance, referenceLabel: "chance")))
    ]
    let points = layers[best]?.first { !$0.points.isEmpty }?.points ?? []
    if !points.isEmpty {
      plots.append(
        Plot(
          id: "one-space-plane", title: "The concepts after layer \(best), in the plane of two principal components",
          caption: "The same concept in several modalities should lie close together.",
          content: .scatter(
            Plot.Scatter(points: points, xLabel: "first component", yLabel: "second component"))))
    }
    return plots
  }
}
