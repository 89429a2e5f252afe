internal import Foundation
internal import SpudErrors
package import SpudTokens

/// Text to ids and back as a model that reads text only has it, without its weights.
package struct TextCheckpoint: Sendable {
  package struct Token: Sendable, Equatable {
    package var id: Int32
    /// What the id stands for; bytes that are a part of a character only are U+FFFD.
    package var piece: String
    /// Whether it is one that no text becomes.
    package var isSpecial: Bool
  }

  private let path: String
  private let form: TextForm

  /// - Returns: Nil for a unified model's directory, whose ids are a stream (`StreamTokenizer`).
  /// - Throws: `SpudError` (`noInput`, `badData`) when the files cannot be read.
  package init?(path: String) throws {
    guard !FileManager.default.fileExists(atPath: path + "/" + StreamTokenizer.File.vocabulary),
      case .text(let form) = try ModelFiles(path).loadForm(continuesText: false)
    else { return nil }
    self.path = path
    self.form = form
  }

  /// The ids of a prompt in the model's chat form, as the model is given them.
  ///
  /// - Throws: `SpudError` (`usage`) for a picture, a sound or a video.
  package func tokens(of prompt: StreamTurn) throws -> [Token] {
    try form.ids(of: form.text(of: Request([prompt]))).map { id in
      Token(
        id: id, piece: String(decoding: form.tokenizer.piece(of: id), as: UTF8.self),
        isSpecial: form.tokenizer.isSpecial(id))
    }
  }

  /// The text of ids, special tokens as the vocabulary spells them.
  ///
  /// - Throws: `SpudError` (`badData`) naming an id that the vocabulary has not.
  package func text(of ids: [Int32]) throws -> String {
    let count = form.tokenizer.vocabularyCount
    if let id = ids.first(where: { $0 < 0 || $0 >= count }) {
      throw SpudError(.badData, "\(path): there is no id \(id), only 0 to \(count - 1)")
    }
    return form.tokenizer.decodeText(ids)
  }
}
