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

  /// What a sequence of ids is about: the mean of its last hidden states, after the final norm, of length one.
  ///
  /// - Parameter ids: From its beginning; nothing is put before or after it.
  /// - Returns: `[modelWidth]`.
  /// - Throws: `SpudError` (`badData`) for no ids, an id outside the vocabulary, or more than the context holds;
  ///   `CancellationError` between two steps of 64 ids.
  package func embed(_ ids: [Int32]) async throws -> [Float] {
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
    return run.mean
  }
}

/// The sum of the states so far.
private final class EmbeddingRun: @unchecked Sendable {
  // `@unchecked`: used by one job of the compute thread after another, and read when they are done.
  private let cache: KeyValueCache
  private var sum: [Float] = []

  init(cache: KeyValueCache) { self.cache = cache }

  func add(_ ids: [Int32], _ transformer: Transformer) throws {
    let batch = Batch(tokens: ids, sequences: Array(repeating: 0, count: ids.count))
    let states = try transformer.lastStates(of: batch, cache: cache)
    if sum.isEmpty { sum = Array(repeating: 0, count: states.columns) }
    for row in ids.indices {
      let values = states.row(row)
      for column in values.indices { sum[column] += values[column] }
    }
  }

  /// Of length one; zeros where the sum is zero.
  var mean: [Float] {
    let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? sum.map { $0 / length } : sum
  }
}
