package import SpudTensors

/// A request to `/tokenize`, as llama-server has it.
package struct TokenizeRequest: Sendable {
  package let model: String?
  package let content: String
  /// Whether the token with which every text begins precedes it.
  package let addsSpecial: Bool
  /// Whether what spells a special token becomes it.
  package let parsesSpecial: Bool
  /// Whether each id comes with its piece.
  package let wantsPieces: Bool

  /// - Throws: `APIError`, naming the field.
  package init(_ json: JSONValue) throws {
    let fields = try RequestForm.tokenize.reader(json)
    model = try fields.string("model")
    guard let content = try fields.required("content").string else {
      throw fields.fail("content", "must be a string")
    }
    self.content = content
    addsSpecial = try fields.bool("add_special") ?? false
    parsesSpecial = try fields.bool("parse_special") ?? false
    wantsPieces = try fields.bool("with_pieces") ?? false
  }

  /// The body of an answer.
  ///
  /// - Parameter tokens: Ids with the bytes of their pieces.
  package func body(_ tokens: [(id: Int32, piece: [UInt8])]) -> JSONValue {
    let items: [JSONValue] = tokens.map { token in
      guard wantsPieces else { return .number(Int(token.id)) }
      // What is no text of its own comes as bytes.
      let piece =
        String(validating: token.piece, as: UTF8.self).map { JSONValue.string($0) }
        ?? .array(token.piece.map { .number(Int($0)) })
      return .members(["id": .number(Int(token.id)), "piece": piece])
    }
    return .members(["tokens": .array(items)])
  }
}

/// A request to `/detokenize`.
package struct DetokenizeRequest: Sendable {
  package static let limit = 1_000_000

  package let model: String?
  package let tokens: [Int32]

  /// - Throws: `APIError`, naming the field.
  package init(_ json: JSONValue) throws {
    let fields = try RequestForm.detokenize.reader(json)
    model = try fields.string("model")
    _ = try fields.required("tokens")
    tokens = try (fields.array("tokens", limit: Self.limit) ?? []).map { item in
      guard let id = item.int.flatMap({ Int32(exactly: $0) }), id >= 0 else {
        throw fields.fail("tokens", "holds something that is no id")
      }
      return id
    }
  }
}
