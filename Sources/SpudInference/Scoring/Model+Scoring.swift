internal import SpudErrors
internal import SpudKernels
package import SpudModels
internal import SpudTokens

extension Model {
  /// The ids of a text as this model would read it at its beginning, without a conversation around it.
  package func ids(ofText text: String) -> [Int32] { textTokenizer.encode(text) }

  /// The id that precedes a text; nil where none does.
  package var textBeginning: Int32? {
    switch form {
    case .stream(let tokenizer): tokenizer.vocabulary.id(of: .begin)
    case .text(let form): form.beginning ?? form.tokenizer.beginID
    }
  }

  /// Scores each id of a text by what the model predicts there.
  ///
  /// The text is cut into windows that overlap by half: of each window but the first only the second half is scored, so
  /// that every id is scored once, with at least half a window before it. What precedes texts precedes each
  /// window. The first id of all has nothing before it, and is scored only where something precedes texts.
  ///
  /// - Parameters:
  ///   - ids: The text's.
  ///   - window: Ids of a window, with what precedes it; at least 2.
  ///   - mark: How the positions are said to have come about.
  ///   - other: A model with the same ids, loaded to share this one's threads, that is compared with this one.
  ///   - progress: Told how many ids are scored.
  /// - Returns: A score for each id that was scored, in order.
  /// - Throws: `SpudError` (`badData`) for an id that one of the models does not know, or too long a window.
  package func scores(
    of ids: [Int32], window: Int, mark: Mark = .read, against other: Model? = nil,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> [TextScore] {
    let beginning = textBeginning.map { [$0] } ?? []
    precondition(window > beginning.count && window >= 2, "a window of \(window) ids scores nothing")
    return try await thread.run {
      var scores: [TextScore] = []
      let length = window - beginning.count
      var scored = beginning.isEmpty ? 1 : 0
      var start = 0
      while scored < ids.count {
        let tokens = beginning + ids[start..<min(start + length, ids.count)]
        var passes = [try TextPass(self, tokens, mark)]
        if let other { passes.append(try TextPass(other, tokens, mark)) }
        // What the first token to score comes after.
        let first = beginning.count + scored - start - 1
        while let place = passes[0].place {
          let rows = try passes.indices.map { try passes[$0].next(after: first) }
          for (index, row) in rows[0].enumerated() where place + index >= first && place + index + 1 < tokens.count {
            scores.append(
              TextScore(of: tokens[place + index + 1], logits: row, other: rows.count > 1 ? rows[1][index] : nil))
          }
        }
        scored = start + tokens.count - beginning.count
        start = scored - length / 2
        progress(scores.count)
      }
      return scores
    }
  }
}

/// A model that reads one window, piece by piece.
private struct TextPass {
  private let model: Model
  private let tokens: [Int32]
  private let mark: Mark
  private let cache: KeyValueCache
  /// The place of the next piece; nil behind the last.
  private(set) var place: Int? = 0

  /// All rows of a large vocabulary at once would take gigabytes.
  private static let pieceLength = 64

  init(_ model: Model, _ tokens: [Int32], _ mark: Mark) throws {
    let rows = model.configuration.vocabularyCount
    if let id = tokens.first(where: { $0 < 0 || $0 >= rows }) {
      throw SpudError(.badData, "\(model.name): id \(id) is outside the vocabulary, which is 0 to \(rows - 1)")
    }
    guard tokens.count <= model.contextLength else {
      throw SpudError(
        .badData, "\(model.name): a window of \(tokens.count) ids is longer than the context, \(model.contextLength)")
    }
    (self.model, self.tokens, self.mark) = (model, tokens, mark)
    cache = try model.makeCache(sequences: 1, capacity: tokens.count)
  }

  /// The logits after each token of the next piece; empty rows where all of it lies before `first`.
  mutating func next(after first: Int) throws -> [[Float]] {
    guard let start = place else { return [] }
    let piece = Array(tokens[start..<min(start + Self.pieceLength, tokens.count)])
    place = start + piece.count < tokens.count ? start + piece.count : nil
    var batch = Batch(piece)
    batch.marks = piece.map { _ in mark }
    let isScored = start + piece.count > first
    let logits = try model.transformer.forward(batch, cache: cache, logits: isScored ? .all : .none)
    return isScored ? piece.indices.map { logits[$0] } : piece.map { _ in [] }
  }
}
