/// "One latent space holds all modalities."
package enum OneSpaceClaim {
  /// The share of concepts that must find themselves for one space to be the word.
  package static let majority = 0.5

  static let method = """
    For each concept (a colour, a shape, a place) the hidden states after a layer are averaged over the tokens of \
    pictures that show it, of recordings that say it, and of texts that name it; each modality's own mean is taken \
    off. For each concept the nearest neighbour by cosine in another modality is looked up: a hit when it is the same \
    concept. Chance is what a guess among the concepts of the same category would hit, for telling a colour from a \
    place is not yet knowing which: one in the number of its category, averaged over the concepts. A category is the \
    set of answers to one task of the suite. The lookups of one concept depend on each other, so the intervals come \
    from resampling whole concepts. The plane shows the two largest principal components at the best layer.
    """
  static let line = """
    Holds when, at the best layer, the interval of the hits over all pairs of modalities lies above 50 %; holds in \
    part when the interval of the hits above chance lies above 0; does not hold otherwise.
    """

  /// - Parameter lead: of the hits over chance.
  package static func verdict(hits: Estimate, lead: Estimate) -> Verdict {
    if hits.low > majority { return lead.low > 0 ? .holds : .holdsInPart }
    return lead.low > 0 ? .holdsInPart : .doesNotHold
  }

  /// What the lookups of one layer come to, over all pairs of modalities.
  struct Layer {
    /// One concept's lookups.
    struct Concept {
      var category: String
      var lookups = 0.0
      var hits = 0.0
      /// Lookups that found a concept of the same category.
      var akin = 0.0
      /// Hits that a guess within the category would make.
      var chance = 0.0
    }

    /// By name.
    var concepts: [String: Concept] = [:]

    init(_ records: [SpaceRecord]) {
      for record in records {
        let sizes = Dictionary(grouping: record.lookups, by: \.category).mapValues(\.count)
        let categories = Dictionary(record.lookups.map { ($0.concept, $0.category) }) { first, _ in first }
        for lookup in record.lookups {
          var concept = concepts[lookup.concept] ?? Concept(category: lookup.category)
          concept.lookups += 1
          concept.hits += lookup.isHit ? 1 : 0
          concept.akin += categories[lookup.nearest] == lookup.category ? 1 : 0
          concept.chance += 1 / Double(sizes[lookup.category] ?? 1)
          concepts[lookup.concept] = concept
        }
      }
    }

    /// A figure's sum over the lookups' number.
    func share(_ figure: (Concept) -> Double) -> Double { Self.share(Array(concepts.values), figure) }

    static func share(_ concepts: [Concept], _ figure: (Concept) -> Double) -> Double {
      concepts.reduce(0) { $0 + figure($1) } / Swift.max(1, concepts.reduce(0) { $0 + $1.lookups })
    }

    /// The same with its interval, whole concepts resampled.
    func estimate(_ figure: (Concept) -> Double, chances: Int, seed: UInt64) -> Estimate {
      let list = concepts.sorted { $0.key < $1.key }.map(\.value)
      var estimate = Estimate.bootstrap(list, seed: seed, chances: chances) { Self.share($0, figure) }
      estimate.count = Int(list.reduce(0) { $0 + $1.lookups })
      return estimate
    }
  }

  package static func evaluate(_ evidence: Evidence) -> Claim {
    let id = Claim.Identifier.oneSpace
    let layers = Dictionary(grouping: evidence.spaces, by: \.layer)
    let read = layers.mapValues(Layer.init).filter { !$0.value.concepts.isEmpty }
    guard let best = read.max(by: { ($0.value.share(\.hits), -$0.key) < ($1.value.share(\.hits), -$1.key) }) else {
      return id.notMeasured(
        "No concept of the suite stands in at least two modalities, or hidden states were not read.", method: method,
        line: line)
    }
    // The best layer is chosen for its hits, so its interval has to allow for all the layers looked at.
    let hits = best.value.estimate(\.hits, chances: read.count, seed: evidence.seed)
    let lead = best.value.estimate({ $0.hits - $0.chance }, chances: read.count, seed: evidence.seed)
    let chance = best.value.share(\.chance)
    return Claim(
      id: id, statement: id.statement,
      finding: """
        After layer \(best.key), \(Format.percent(hits.value)) of the lookups find the same concept in another \
        modality, and \(Format.percent(best.value.share(\.akin))) one of its category; a guess within the category \
        would find it in \(Format.percent(chance)).
        """,
      measured: Figure("lookups that find their concept, best layer", hits.value, .share),
      baseline: Figure("chance within the category", chance, .share),
      ratio: Estimate(
        value: hits.value / chance, low: hits.low / chance, high: hits.high / chance, count: hits.count),
      verdict: verdict(hits: hits, lead: lead).onlyHolding(if: hits.count >= Verdict.leastCount),
      runs: hits.count,
      spread: """
        95 % interval of the hits \(Format.interval(hits, .share)), of the hits above chance \
        \(Format.interval(lead, .points)), by resampling \(best.value.concepts.count) concepts; widened because the \
        layer was chosen for its hits among \(read.count)
        """,
      method: method, line: line, tables: [table(layers), categories(best.value)],
      plots: plots(layers, best: best.key, chance: chance))
  }

  private static func categories(_ layer: Layer) -> Table {
    let groups = Dictionary(grouping: layer.concepts.values, by: \.category)
    return Table(
      "The best layer by category",
      columns: ["category", "concepts", "found themselves", "found one of their category", "chance"],
      rows: groups.sorted { $0.key < $1.key }.map { name, concepts in
        [name, "\(concepts.count)"]
          + [Layer.share(concepts, \.hits), Layer.share(concepts, \.akin), Layer.share(concepts, \.chance)]
          .map(Format.percent)
      })
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
        caption: "100 % would be one space; the dashed line is a guess within the category.",
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
