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
  /// What the files hold, and how memory does.
  package let stored: StoredWeights
  let embedding: RowSource  // [vocabularyCount, modelWidth]
  let layers: [DecoderLayer]
  let finalNorm: Norm  // [modelWidth]
  let head: WeightMatrix  // [vocabularyCount, modelWidth]; the embedding, if tied
  let workspace: Workspace
  /// Memory that no pass uses, by columns.
  private var free: [Int: [Activations]] = [:]
  /// Each layer's last choice of experts, whose memory the next one uses.
  var routing: [RoutingTable?]

  /// Counts of the tokens that came with a class.
  package var statistics: RouterStatistics
  /// Where the tokens that got the last logits were sent, layers without experts left out: `[token][layer][choice]`;
  /// empty unless the batch recorded it. Of logits asked for in another order than the batch's, sorted by place.
  package internal(set) var routes: [[[UInt16]]] = []
  /// Sees what each layer leaves, `[tokens of the chunk, modelWidth]`, before the final norm.
  package var hiddenStatesObserver: ((_ layer: Int, _ hidden: Activations) -> Void)?
  /// Sees what each layer's matrices are multiplied by, `[tokens of the chunk, columns]`.
  package var inputObserver: ((_ layer: Int, _ part: LayerInput, _ values: Activations) -> Void)?
  /// Layers, from the first on, in which every token attends to all positions, whatever its budget: what they see
  /// decides what the later ones look for.
  package static let layersOfAll = 2
  /// Tokens that pass through the layers together. More makes prefill faster up to a point, and workspace larger.
  package var chunkLength = 512

  /// Bytes of memory that weights will take which are still in their files.
  package var bytesToCome: Int {
    // Layers of one shape may share their memory.
    var memories: [ObjectIdentifier: Int] = [:]
    for weights in sparseWeights { memories[weights.memoryIdentity] = weights.memoryToCome }
    return memories.values.reduce(matrices.reduce(0) { $0 + $1.bytesToCome }, +)
  }

  /// How many experts are in memory together at most, and how many there are.
  package var expertPlaces: (inMemory: Int, all: Int) {
    var memories: [ObjectIdentifier: Int] = [:]
    for weights in sparseWeights { memories[weights.memoryIdentity] = weights.placeCount }
    return (memories.values.reduce(0, +), sparseWeights.reduce(0) { $0 + $1.expertCount })
  }

  /// Has all weights in memory: no later token waits for one to be packed. Where there is no room for all experts, it
  /// leaves them, for which are worth a place only tokens show.
  package func packAhead() {
    for matrix in matrices { compute.packAhead(matrix) }
    let places = expertPlaces
    guard places.inMemory >= places.all else { return }
    for weights in sparseWeights { compute.packAhead(weights) }
  }

  /// A small step of the same, a matrix or a few experts of one layer: some ten milliseconds, of a head a hundred.
  ///
  /// - Returns: Whether there was one to pack.
  package func packSomeAhead() -> Bool {
    if let matrix = matrices.first(where: { $0.bytesToCome > 0 }) {
      compute.packAhead(matrix)
      return true
    }
    let places = expertPlaces
    guard places.inMemory >= places.all else { return false }
    return sparseWeights.contains { compute.packAhead($0, atMost: 4) }
  }

  /// What has been read of the files since the model was loaded, for experts that were met and not in memory.
  package var expertReads: ExpertReads { sparseWeights.reduce(ExpertReads()) { $0 + $1.reads } }

  private var matrices: [WeightMatrix] {
    layers.flatMap { layer in
      let attention = layer.attention
      let projections = [attention.query, attention.key, attention.value, attention.output]
      switch layer.feedForward {
      case .dense: return projections.map(\.weight)
      case .biased(let block): return (projections + [block.gate, block.up, block.down]).map(\.weight)
      case .sparse(let mixture): return (projections + [mixture.router]).map(\.weight)
      }
    } + [head]
  }

  private var sparseWeights: [ExpertWeights] {
    layers.compactMap { layer in
      guard case .sparse(let mixture) = layer.feedForward else { return nil }
      return mixture.experts
    }
  }

  init(
    configuration: ModelConfiguration, compute: Compute, stored: StoredWeights, embedding: RowSource,
    layers: [DecoderLayer], finalNorm: Norm, head: WeightMatrix
  ) {
    self.configuration = configuration
    self.compute = compute
    self.stored = stored
    self.embedding = embedding
    self.layers = layers
    self.finalNorm = finalNorm
    self.head = head
    workspace = Workspace(configuration)
    routing = Array(repeating: nil, count: configuration.layerCount)
    statistics = RouterStatistics(layerCount: configuration.layerCount, expertCount: configuration.expertCount)
  }

  /// The shape of a page of keys and values of this model.
  package func cacheShape(_ format: CacheFormat) -> CacheShape {
    CacheShape(
      layerCount: configuration.layerCount, headCount: configuration.keyValueHeadCount,
      headWidth: configuration.headWidth, format: format)
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
    routes = []
    workspace.selected.resize(rows: places.count)
    for start in stride(from: 0, to: batch.tokens.count, by: chunkLength) {
      let chunk = start..<min(start + chunkLength, batch.tokens.count)
      var end = next
      while end < wanted.count, wanted[end].element < chunk.upperBound { end += 1 }
      var selected: [Int] = []
      for place in wanted[next..<end].map({ $0.element - start }) where place != selected.last {
        selected.append(place)
      }
      let pass = try begin(batch[chunk], cache: cache, logitsAt: selected)
      while !advance(pass) {}
      var kept = -1
      for index in next..<end {
        if index == next || wanted[index].element != wanted[index - 1].element { kept += 1 }
        copy(
          pass.hidden, row: pass.isWhole ? selected[kept] : kept, to: workspace.selected, row: wanted[index].offset)
      }
      giveBack(pass.hidden)
      routes += pass.routes
      next = end
    }
    return logits(of: workspace.selected, marks: marks(of: batch)?.selecting(places))
  }

  /// - Parameters:
  ///   - states: `[rows, modelWidth]`, overwritten.
  ///   - marks: Of each row; nil is that all were read.
  func logits(of states: Activations, marks: RowMarks?) -> Activations {
    workspace.logits.resize(rows: 0)
    guard states.rows > 0 else { return workspace.logits }
    finalNorm.normalize(states, into: states, compute: compute)
    compute.multiplyWithResidual(states, by: head, marks: marks, into: workspace.logits)
    markOverflow(of: states, in: workspace.logits)
    return workspace.logits
  }

  /// Copies some rows of `states` to the memory that logits are made from.
  func select(_ rows: [Int], of states: Activations) -> Activations {
    workspace.selected.resize(rows: rows.count)
    for (row, origin) in rows.enumerated() { copy(states, row: origin, to: workspace.selected, row: row) }
    return workspace.selected
  }

  /// Memory that a pass keeps between its steps.
  func take(columns: Int) -> Activations { free[columns]?.popLast() ?? Activations(columns: columns) }

  func giveBack(_ activations: Activations) { free[activations.columns, default: []].append(activations) }

  func check(_ batch: Batch, _ cache: KeyValueCache) throws {
    precondition(batch.marks.map { $0.count == batch.tokens.count } ?? true, "as many marks as tokens")
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
      guard sequence >= 0, cache.has(sequence) else {
        throw SpudError(.badData, "A token belongs to sequence \(sequence), but there are \(cache.sequenceCount)")
      }
      added[Int(sequence)] += 1
    }
    for (sequence, count) in added.enumerated() where count > 0 && cache.length(of: sequence) + count > cache.capacity {
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
