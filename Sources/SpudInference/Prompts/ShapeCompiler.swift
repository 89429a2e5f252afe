internal import SpudErrors
internal import SpudProtocol
internal import SpudSchema
internal import SpudTensors
internal import SpudTokens
internal import Synchronization

/// Compiles what answers of one model are held to, and keeps what was asked for last: the same schema comes with every
/// request of a client, and its masks need not be made again.
final class ShapeCompiler: Sendable {
  /// Constraints that are kept, and how many states one may have to stay.
  private static let limit = 16
  private static let stateLimit = 100_000

  private struct State {
    /// Of the vocabulary without and with control tokens.
    var tries: [Bool: TokenTrie] = [:]
    /// The most recently used last.
    var kept: [(shape: TextShape, marks: Bool, constraint: TokenConstraint)] = []
  }
  private let state = Mutex(State())

  /// What holds an answer to the form or the calls that a request asks for; nil where it asks for none.
  ///
  /// - Throws: `SpudError` for a schema that is not supported, or one that no call can follow.
  func constraint(for request: Request, _ form: PromptForm) throws -> TokenConstraint? {
    let tools: [Tool]
    switch request.toolChoice {
    case .auto, .none: tools = []
    case .required:
      guard !request.tools.isEmpty else { throw SpudError(.usage, "a call is required, but there are no tools") }
      tools = request.tools
    case .function(let name):
      tools = request.tools.filter { $0.name == name }
      guard !tools.isEmpty else {
        throw SpudError(.usage, "a call of '\(name)' is required, but it is none of the tools")
      }
    }
    if !tools.isEmpty, case .text(let text) = form {
      guard request.options.form == .free else {
        throw SpudError(.usage, "an answer cannot be held to a schema and call a function that is required")
      }
      return try constraint(CallShape.shape(of: tools, in: text.format), marks: true, form)
    }
    switch request.options.form {
    case .free:
      guard request.toolChoice == .auto, request.tools.contains(where: \.isStrict), case .text(let text) = form,
        text.format != .plain
      else { return nil }
      return try constraint(CallShape.freeShape(of: request.tools, in: text.format), marks: true, form)
    case .json: return try constraint(.json(.object(JSONObject([("type", .string("object"))]))), marks: false, form)
    case .schema(let text):
      return try constraint(.json(try JSONValue(parsing: text, name: "the JSON schema")), marks: false, form)
    }
  }

  private func constraint(_ shape: TextShape, marks: Bool, _ form: PromptForm) throws -> TokenConstraint {
    try state.withLock { state in
      if let index = state.kept.firstIndex(where: { $0.shape == shape && $0.marks == marks }) {
        let known = state.kept.remove(at: index)
        if known.constraint.stateCount < Self.stateLimit {
          state.kept.append(known)
          return known.constraint
        }
      }
      let trie = state.tries[marks] ?? Self.trie(form, marks: marks)
      state.tries[marks] = trie
      let constraint: TokenConstraint =
        if case .json(let schema) = shape {
          schema["properties"] == nil && schema.object?.count == 1 && schema["type"]?.string == "object"
            ? .anyObject(trie: trie) : try TokenConstraint(schema: schema, trie: trie)
        } else {
          try TokenConstraint(shape: shape, trie: trie)
        }
      state.kept.append((shape, marks, constraint))
      if state.kept.count > Self.limit { state.kept.removeFirst() }
      return constraint
    }
  }

  private static func trie(_ form: PromptForm, marks: Bool) -> TokenTrie {
    let (tokenizer, range) =
      switch form {
      case .stream(let tokenizer): (tokenizer.text, tokenizer.vocabulary.text)
      case .text(let form): (form.tokenizer, 0..<Int32(form.tokenizer.vocabularyCount))
      }
    return TokenTrie(
      (0..<Int32(tokenizer.vocabularyCount)).map { id in
        range.contains(id) && (marks || !tokenizer.isSpecial(id)) ? Array(tokenizer.piece(of: id)) : []
      })
  }
}
