internal import SpudErrors
internal import SpudKernels
internal import SpudModels
internal import SpudTokens

extension Model {
  /// The ids whose mean stands for a text.
  package func embeddingIDs(of text: String) -> [Int32] {
    let ids = textTokenizer.encode(text)
    guard !isUnified, let beginning = textTokenizer.beginID else { return ids }
    return [beginning] + ids
  }

  /// What a sequence of ids is about: one vector of its last hidden states, after the final norm.
  ///
  /// - Parameters:
  ///   - ids: From its beginning; nothing is put before or after it.
  ///   - pooling: What becomes of the positions.
  ///   - normalizes: Whether the vector is divided by its length.
  /// - Returns: `[modelWidth]`.
  /// - Throws: `SpudError` (`badData`) for no ids, an id outside the vocabulary, or more than the context holds;
  ///   `CancellationError` between two steps of 64 ids.
  package func embed(
    _ ids: [Int32], pooling: Pooling = .mean, normalizes: Bool = true
  ) async throws -> [Float] {
    let rows = configuration.vocabularyCount
    guard !ids.isEmpty else { throw SpudError(.badData, "there is no text, so there is nothing to be about") }
    if let (position, id) = ids.enumerated().first(where: { $0.element < 0 || $0.element >= rows }) {
      throw SpudError(.badData, "id \(id) at position \(position) is outside the vocabulary, which is 0 to \(rows - 1)")
    }
    guard ids.count <= contextLength else {
      throw SpudError(.badData, "the text has \(ids.count) tokens, but \(name) reads at most \(contextLength)")
    }
    let run = try await thread.run { EmbeddingRun(cache: try self.makeCache(sequences: 1, capacity: ids.count)) }
    let step = 64
    for start in stride(from: 0, to: ids.count, by: step) {
      try Task.checkCancellation()
      let chunk = Array(ids[start..<min(start + step, ids.count)])
      // A step at a time, so that answers go on between them.
      try await thread.run { try run.add(chunk, self.transformer) }
    }
    return run.vector(pooling, normalizes: normalizes)
  }

  /// What becomes of the positions of a text that is to be one vector.
  package enum Pooling: String, CaseIterable, Sendable {
    /// Their mean.
    case mean
    /// Only the last one counts, which has seen all the others.
    case last
  }
}

/// The sum of the states so far.
private final class EmbeddingRun: @unchecked Sendable {
  // `@unchecked`: used by one job of the compute thread after another, and read when they are done.
  private let cache: KeyValueCache
  private var sum: [Double] = []
  private var count = 0
  private var last: [Float] = []

  init(cache: KeyValueCache) { self.cache = cache }

  func add(_ ids: [Int32], _ transformer: Transformer) throws {
    let batch = Batch(tokens: ids, sequences: Array(repeating: 0, count: ids.count))
    let states = try transformer.lastStates(of: batch, cache: cache)
    if sum.isEmpty { sum = Array(repeating: 0, count: states.columns) }
    for row in ids.indices {
      let values = states.row(row)
      for column in values.indices { sum[column] += Double(values[column]) }
    }
    count += ids.count
    last = states[ids.count - 1]
  }

  /// Zeros stay zeros.
  func vector(_ pooling: Model.Pooling, normalizes: Bool) -> [Float] {
    let values = pooling == .last ? last.map { Double($0) } : sum.map { $0 / Double(count) }
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return values.map { Float(normalizes && length > 0 ? $0 / length : $0) }
  }
}
