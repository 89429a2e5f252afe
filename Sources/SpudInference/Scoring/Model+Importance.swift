internal import SpudErrors
package import SpudModels

extension Model {
  /// Finds out how much the columns of this model's matrices count, by reading a text in windows of 512 ids.
  ///
  /// - Parameters:
  ///   - ids: The text's.
  ///   - progress: Told the fraction that is read, from 0 to 1.
  /// - Throws: `SpudError` (`badData`) when there are no ids.
  package func importance(
    over ids: [Int32], progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> ImportanceMatrix {
    let beginning = textBeginning.map { [$0] } ?? []
    let length = min(512, contextLength) - beginning.count
    return try await thread.run {
      guard !ids.isEmpty, length > 0 else { throw SpudError(.badData, "there is no text to calibrate with") }
      var matrix = ImportanceMatrix()
      self.transformer.inputObserver = { matrix.count($2, layer: $0, part: $1) }
      defer { self.transformer.inputObserver = nil }
      for start in stride(from: 0, to: ids.count, by: length) {
        let window = beginning + ids[start..<min(start + length, ids.count)]
        let cache = try self.makeCache(sequences: 1, capacity: window.count)
        _ = try self.transformer.forward(Batch(window), cache: cache, logits: .none)
        progress(Double(start) / Double(ids.count))
      }
      return matrix
    }
  }
}
