internal import SpudErrors
internal import SpudKernels
internal import SpudModels

extension Model {
  /// Computes the logits after each position of a sequence of ids, as parity checks need them.
  ///
  /// - Parameters:
  ///   - ids: The sequence, from its beginning; nothing is put before or after it.
  ///   - deliver: Is given each position's logits, `[vocabulary]`, in order, on the thread that computes.
  /// - Throws: `SpudError` (`badData`) for an id outside the vocabulary or a sequence longer than the context.
  package func logits(of ids: [Int32], deliver: @escaping @Sendable ([Float]) throws -> Void) async throws {
    try await thread.run {
      guard !ids.isEmpty else { throw SpudError(.usage, "there are no ids, so there are no logits") }
      let rows = self.transformer.configuration.vocabularyCount
      if let (position, id) = ids.enumerated().first(where: { $0.element < 0 || $0.element >= rows }) {
        throw SpudError(
          .badData, "id \(id) at position \(position) is outside the vocabulary, which is 0 to \(rows - 1)")
      }
      guard ids.count <= self.contextLength else {
        throw SpudError(.badData, "there are \(ids.count) ids, but \(self.name) reads at most \(self.contextLength)")
      }
      let cache = try self.makeCache(sequences: 1, capacity: ids.count)
      // All rows of a large vocabulary at once would take gigabytes.
      for start in stride(from: 0, to: ids.count, by: 64) {
        let chunk = Array(ids[start..<min(start + 64, ids.count)])
        let logits = try self.transformer.forward(
          Batch(tokens: chunk, sequences: Array(repeating: 0, count: chunk.count)), cache: cache, logits: .all)
        for row in chunk.indices { try deliver(logits[row]) }
      }
    }
  }
}
