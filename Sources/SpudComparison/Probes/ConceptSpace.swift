internal import SpudErrors
internal import SpudQuantizer

/// Whether the same concept, met in pictures, in sound and in text, lies at the same place in a model's hidden states.
package struct ConceptSpace: Sendable {
  /// The mean hidden states of one concept in one modality.
  package struct Entry: Sendable, Equatable {
    package var concept: String
    /// What the concept is one of: a colour, a shape.
    package var category: String
    package var modality: String
    /// [layers][modelWidth]
    package var states: [[Float]]

    package init(concept: String, category: String, modality: String, states: [[Float]]) {
      self.concept = concept
      self.category = category
      self.modality = modality
      self.states = states
    }
  }

  package var entries: [Entry]

  package init(entries: [Entry]) {
    self.entries = entries
  }

  /// For each layer and each pair of modalities: of the concepts that both have, how many find themselves.
  ///
  /// - Throws: `internal` when the principal components do not converge.
  package func records(system: String) throws -> [SpaceRecord] {
    let modalities = Set(entries.map(\.modality)).sorted()
    let layers = entries.map(\.states.count).min() ?? 0
    return try (0..<layers).flatMap { layer in
      var records: [SpaceRecord] = []
      for from in modalities {
        for to in modalities where to != from {
          let lookups = lookups(from: from, to: to, layer: layer)
          guard lookups.count >= 3 else { continue }
          records.append(SpaceRecord(system: system, layer: layer, pair: "\(from) → \(to)", lookups: lookups))
        }
      }
      if !records.isEmpty { records[0].points = try plane(layer: layer) }
      return records
    }
  }

  /// The concepts that both modalities have, each with the nearest neighbour in `to`, by cosine, of its state in
  /// `from`.
  package func lookups(from: String, to: String, layer: Int) -> [SpaceRecord.Lookup] {
    let shared = Set(entries.filter { $0.modality == from }.map(\.concept))
      .intersection(entries.filter { $0.modality == to }.map(\.concept))
    let left = centred(modality: from, layer: layer).filter { shared.contains($0.concept) }
    let right = centred(modality: to, layer: layer).filter { shared.contains($0.concept) }
    return left.map { entry in
      let nearest = right.max { Self.cosine(entry.state, $0.state) < Self.cosine(entry.state, $1.state) }
      return SpaceRecord.Lookup(concept: entry.concept, category: entry.category, nearest: nearest?.concept ?? "")
    }
  }

  private struct Place {
    var concept: String
    var category: String
    var modality: String
    var state: [Float]
  }

  /// The states of one modality with their mean taken off: what all pictures have in common is no concept.
  private func centred(modality: String, layer: Int) -> [Place] {
    let chosen = entries.filter { $0.modality == modality }
    guard let width = chosen.first?.states[layer].count else { return [] }
    var mean = [Float](repeating: 0, count: width)
    for entry in chosen {
      for index in 0..<width { mean[index] += entry.states[layer][index] / Float(chosen.count) }
    }
    return chosen.map { entry in
      Place(
        concept: entry.concept, category: entry.category, modality: modality,
        state: zip(entry.states[layer], mean).map { $0 - $1 })
    }
  }

  /// The concepts in the plane of the two largest principal components of all modalities together.
  private func plane(layer: Int) throws -> [SpaceRecord.Point] {
    let places = Set(entries.map(\.modality)).sorted().flatMap { centred(modality: $0, layer: layer) }
    guard let width = places.first?.state.count, width >= 2, places.count >= 3 else { return [] }
    // Each at unit length, as the neighbours are judged by angle alone.
    let rows = places.map { place in
      let length = max(Self.dot(place.state, place.state).squareRoot(), 1e-12)
      return place.state.map { $0 / length }
    }
    let components = try LinearAlgebra.principalComponents(
      of: Matrix(rows: rows.count, columns: width, values: rows.flatMap { $0 }), count: 2)
    return zip(places, rows).map { place, row in
      let coordinates = (0..<2).map { component -> Double in
        let axis = (0..<width).map { components.components.values[component * width + $0] }
        return zip(row, zip(components.mean, axis)).reduce(0.0) { $0 + Double($1.0 - $1.1.0) * Double($1.1.1) }
      }
      return SpaceRecord.Point(concept: place.concept, modality: place.modality, x: coordinates[0], y: coordinates[1])
    }
  }

  private static func dot(_ first: [Float], _ second: [Float]) -> Float {
    zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private static func cosine(_ first: [Float], _ second: [Float]) -> Float {
    dot(first, second) / max((dot(first, first) * dot(second, second)).squareRoot(), 1e-20)
  }
}
