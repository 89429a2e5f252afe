#if Server
internal import SpudInference
internal import SpudProtocol
internal import SpudTensors
internal import SpudTokens

/// `POST /tokenize` and `/detokenize`.
enum TokenRoutes {
  static func tokenize(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    try await server.work {
      let request = try TokenizeRequest(incoming.json())
      let model = try server.registry.find(request.model).model
      let tokenizer = model.textTokenizer
      var ids = tokenizer.encode(request.content, allowSpecial: request.parsesSpecial)
      let beginning = model.streamTokenizer.map { $0.vocabulary.id(of: .begin) } ?? tokenizer.beginID
      if request.addsSpecial, let beginning { ids.insert(beginning, at: 0) }
      return .json(request.body(ids.map { ($0, Array(tokenizer.piece(of: $0))) }))
    }
  }

  static func detokenize(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    try await server.work {
      let request = try DetokenizeRequest(incoming.json())
      let model = try server.registry.find(request.model).model
      let count = model.streamTokenizer?.vocabulary.count ?? model.textTokenizer.vocabularyCount
      if let wrong = request.tokens.first(where: { $0 >= count }) {
        throw APIError(
          400, "there is no id \(wrong): the vocabulary has \(count)", parameter: "tokens", code: "invalid_value")
      }
      // What is no text, such as codes of pictures, is spelled by its name.
      return .json(.members(["content": .string(model.text(of: request.tokens))]))
    }
  }
}

extension Model {
  /// Ids as text; those of media by their names.
  fileprivate func text(of ids: [Int32]) -> String {
    guard let stream = streamTokenizer else { return textTokenizer.decodeText(ids) }
    var text = "", words: [Int32] = []
    for id in ids {
      guard let name = stream.vocabulary.name(of: id) else {
        words.append(id)
        continue
      }
      text += stream.text.decodeText(words) + name
      words = []
    }
    return text + stream.text.decodeText(words)
  }
}
#endif
