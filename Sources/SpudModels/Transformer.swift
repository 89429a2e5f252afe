internal import SpudErrors
package import SpudKernels

/// A decoder with its weights: token ids in, logits out.
///
///     h = embedding[tokens];  for each layer: h ← layer(h);  logits = head · norm(h)
///
/// One thread uses it at a time.
package final class Transformer: @unchecked Sendable {
  // `@unchecked`: weights are only read; workspace and statistics belong to the one thread that calls `forward`.
  package let configuration: ModelConfiguration
  package let compute: Compute
  let embedding: WeightMatrix  // [vocabularyCount, modelWidth]
  let layers: [DecoderLayer]
  let finalNorm: [Float]  // [modelWidth]
  let head: WeightMatrix  // [vocabularyCount, modelWidth]; the embedding, if tied
  private let table: RotaryTable
  private let workspace: Workspace
  private var routing: [RoutingTable?]

  /// Counts of the tokens that came with a class.
  package var statistics: RouterStatistics
  /// Sees what each layer leaves, `[tokens of the chunk, modelWidth]`, before the final norm.
  package var hiddenStatesObserver: ((_ layer: Int, _ hidden: Activations) -> Void)?
  /// Tokens that pass through the layers together. More makes prefill faster up to a point, and workspace larger.
  package var chunkLength = 512

  init(
    configuration: ModelConfiguration, compute: Compute, embedding: WeightMatrix, layers: [DecoderLayer],
    finalNorm: [Float], head: WeightMatrix, table: RotaryTable
  ) {
    self.configuration = configuration
    self.compute = compute
    self.embedding = embedding
    self.layers = layers
    self.finalNorm = finalNorm
    self.head = head
    self.table = table
    workspace = Workspace(configuration)
    routing = configuration.feedForward.map { shape in
      guard case .sparse(let count, let perToken, _, _) = shape else { return nil }
      return RoutingTable(expertCount: count, expertsPerToken: perToken)
    }
    statistics = RouterStatistics(layerCount: configuration.layerCount, expertCount: configuration.expertCount)
  }

  /// Makes a cache for this model.
  ///
  /// - Throws: `SpudError.badData` when a sequence would be longer than the model can tell positions apart.
  package func makeCache(sequences: Int, capacity: Int, format: CacheFormat) throws -> KeyValueCache {
    guard capacity <= configuration.contextLength else {
      throw SpudError(
        .badData, "A context of \(capacity) tokens was asked for, but the model has \(configuration.contextLength)")
    }
    guard sequences > 0, capacity > 0 else {
      throw SpudError(.usage, "A context of \(sequences) sequences of \(capacity) tokens holds nothing")
    }
    return try KeyValueCache(
      layerCount: configuration.layerCount, headCount: configuration.keyValueHeadCount,
      headWidth: configuration.headWidth,
      sequenceCount: sequences, capacity: capacity, format: format)
  }

  /// Appends a batch's tokens to their sequences and computes the logits that `rows` asks for.
  ///
  /// A token's logits depend on its own sequence only, not on what else is in the batch or how it is divided.
  ///
  /// - Returns: `[rows, vocabularyCount]`, valid until the next call.
  /// - Throws: `SpudError.badData` for an id or a sequence that does not exist, or when a sequence would outgrow the
  ///   cache. The cache is unchanged then.
  package func forward(_ batch: Batch, cache: KeyValueCache, logits rows: OutputTokens) throws -> Activations {
    try check(batch, cache)
    let places = try places(of: rows, in: batch)
    // Which row of the answer each place becomes; a place may be asked for twice.
    let wanted = places.enumerated().sorted { $0.element < $1.element }
    var next = 0
    workspace.selected.resize(rows: places.count)
    for start in stride(from: 0, to: batch.tokens.count, by: chunkLength) {
      let chunk = start..<min(start + chunkLength, batch.tokens.count)
      var end = next
      while end < wanted.count, wanted[end].element < chunk.upperBound { end += 1 }
      let selected = wanted[next..<end].map { $0.element - start }
      let isWhole = try decode(batch, chunk, cache: cache, selecting: selected)
      var kept = -1
      for (index, row) in wanted[next..<end].map(\.offset).enumerated() {
        if index == 0 || selected[index] != selected[index - 1] { kept += 1 }
        copy(workspace.hidden, row: isWhole ? selected[index] : kept, to: workspace.selected, row: row)
      }
      next = end
    }
    if places.isEmpty {
      workspace.logits.resize(rows: 0)
    } else {
      compute.normalize(
        workspace.selected, weight: finalNorm, epsilon: configuration.normEpsilon, into: workspace.selected)
      compute.multiplyWithResidual(workspace.selected, by: head, into: workspace.logits)
      markOverflow(of: workspace.selected, in: workspace.logits)
    }
    return workspace.logits
  }

  /// Takes one chunk through all layers; its hidden states are left in `workspace.hidden`.
  ///
  /// Of the last layer, the tokens to come need only the keys and values, so the rest of it is computed for the
  /// tokens at `places`, which rise; unless someone counts or watches all of them.
  ///
  /// - Returns: Whether `workspace.hidden` holds every token of the chunk, and not only those at `places`, each once.
  private func decode(
    _ batch: Batch, _ chunk: Range<Int>, cache: KeyValueCache, selecting places: [Int]
  ) throws -> Bool {
    let positions = try cache.append(Array(batch.sequences[chunk]))
    let hidden = workspace.hidden
    let isWhole = batch.classes != nil || hiddenStatesObserver != nil || places.count >= chunk.count
    compute.gather(Array(batch.tokens[chunk]), from: embedding, into: hidden)
    for (index, layer) in layers.enumerated() {
      var kept: [Int]?
      if !isWhole, index == layers.count - 1 {
        kept = places.indices.filter { $0 == 0 || places[$0] != places[$0 - 1] }.map { places[$0] }
      }
      compute.normalize(
        hidden, weight: layer.attentionNorm, epsilon: configuration.normEpsilon, into: workspace.normalized)
      layer.attention.transform(
        workspace.normalized, layer: index, positions: positions, selecting: kept, cache: cache, table: table,
        workspace: workspace, compute: compute, addingInto: hidden)
      if kept?.isEmpty ?? false { break }
      compute.normalize(
        hidden, weight: layer.feedForwardNorm, epsilon: configuration.normEpsilon, into: workspace.normalized)
      switch layer.feedForward {
      case .dense(let weights):
        compute.denseFeedForward(workspace.normalized, weights: weights, addingInto: hidden)
      case .sparse(let experts):
        mix(experts, layer: index, classes: batch.classes?[chunk])
      }
      hiddenStatesObserver?(index, hidden)
    }
    return isWhole
  }

  private func mix(_ experts: MixtureOfExperts, layer: Int, classes: ArraySlice<UInt8>?) {
    guard let logits = workspace.routerLogits[layer], var choice = routing[layer].take() else {
      preconditionFailure("layer \(layer) has experts, but no room for their router's choice")
    }
    experts.transform(
      workspace.normalized, logits: logits, routing: &choice, compute: compute, addingInto: workspace.hidden)
    if let classes {
      statistics.record(choice.experts, expertsPerToken: experts.expertsPerToken, classes: classes, layer: layer)
    }
    routing[layer] = choice
  }

  private func check(_ batch: Batch, _ cache: KeyValueCache) throws {
    precondition(
      batch.sequences.count == batch.tokens.count, "\(batch.tokens.count) tokens, \(batch.sequences.count) sequences")
    precondition(batch.classes.map { $0.count == batch.tokens.count } ?? true, "as many classes as tokens")
    precondition(
      cache.layerCount == configuration.layerCount && cache.headCount == configuration.keyValueHeadCount
        && cache.headWidth == configuration.headWidth, "a cache that was made for another model")
    guard !batch.tokens.isEmpty else { throw SpudError(.badData, "There are no tokens to read") }
    if let place = batch.tokens.firstIndex(where: { $0 < 0 || Int($0) >= configuration.vocabularyCount }) {
      throw SpudError(
        .badData,
        "Token \(place) has id \(batch.tokens[place]), "
          + "but the model's ids are 0 to \(configuration.vocabularyCount - 1)"
      )
    }
    var added = [Int](repeating: 0, count: cache.sequenceCount)
    for sequence in batch.sequences {
      guard sequence >= 0, Int(sequence) < cache.sequenceCount else {
        throw SpudError(.badData, "A token belongs to sequence \(sequence), but there are \(cache.sequenceCount)")
      }
      added[Int(sequence)] += 1
    }
    for (sequence, count) in added.enumerated() where cache.length(of: sequence) + count > cache.capacity {
      throw SpudError(
        .badData,
        "The context is full: \(cache.length(of: sequence)) tokens and \(count) more were given, "
          + "but it holds \(cache.capacity)"
      )
    }
  }

  private func places(of rows: OutputTokens, in batch: Batch) throws -> [Int] {
    switch rows {
    case .none: return []
    case .all: return Array(batch.tokens.indices)
    case .places(let places):
      for place in places where !batch.tokens.indices.contains(place) {
        throw SpudError(.badData, "Logits of token \(place) were asked for, but the batch has \(batch.tokens.count)")
      }
      return places
    case .last:
      var rows: [Int32: Int] = [:]
      var places: [Int] = []
      for (place, sequence) in batch.sequences.enumerated() {
        if let row = rows[sequence] {
          places[row] = place
        } else {
          rows[sequence] = places.count
          places.append(place)
        }
      }
      return places
    }
  }

  /// Hidden states that are no numbers have no logits: products of bytes would make numbers of them again.
  private func markOverflow(of states: Activations, in logits: Activations) {
    for row in 0..<states.rows {
      let values = states.row(row)
      var sum: Float = 0
      for column in values.indices { sum += values[column] * 0 }
      guard sum.isNaN else { continue }
      var lost = logits.mutableRow(row)
      for column in lost.indices { lost[column] = .nan }
    }
  }

  private func copy(_ source: Activations, row: Int, to target: Activations, row targetRow: Int) {
    let values = source.row(row)
    var copy = target.mutableRow(targetRow)
    for column in values.indices { copy[column] = values[column] }
  }
}
