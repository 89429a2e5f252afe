package import SpudTensors

/// A request to `/v1/completions`.
package struct CompletionRequest: Sendable {
  package enum Prompt: Sendable, Equatable {
    case text(String)
    case ids([Int32])
  }

  package static let promptLimit = 64

  package let model: String?
  package let prompts: [Prompt]
  package let sampling: SamplingFields
  package let maximumTokens: Int
  package let choiceCount: Int
  package let streams: Bool
  package let includesUsage: Bool
  /// How many alternatives each token is to be given with; nil without log-probabilities.
  package let alternatives: Int?
  /// Whether the answer begins with the prompt.
  package let echoes: Bool

  /// - Throws: `APIError`, naming the field.
  package init(_ json: JSONValue) throws {
    let fields = try RequestForm.completions.reader(json)
    model = try fields.string("model")
    prompts = try PromptField.prompts(fields, "prompt", limit: Self.promptLimit)
    sampling = try SamplingFields(fields)
    maximumTokens = try fields.int("max_tokens", in: 0...(1 << 31)) ?? 16
    choiceCount = try fields.int("n", in: 1...ChatRequest.choiceLimit) ?? 1
    streams = try fields.bool("stream") ?? false
    includesUsage = try ChatRequest.includesUsage(fields, streams)
    alternatives = try fields.int("logprobs", in: 0...20)
    echoes = try fields.bool("echo") ?? false
  }
}

/// A request to `/v1/embeddings`.
package struct EmbeddingRequest: Sendable {
  package static let inputLimit = 2048

  package let model: String?
  package let inputs: [CompletionRequest.Prompt]
  /// Whether numbers come as base64 of 32-bit floats, in place of a list.
  package let isBase64: Bool

  /// - Throws: `APIError`, naming the field.
  package init(_ json: JSONValue) throws {
    let fields = try RequestForm.embeddings.reader(json)
    model = try fields.string("model")
    inputs = try PromptField.prompts(fields, "input", limit: Self.inputLimit)
    isBase64 = try fields.choice("encoding_format", of: ["float", "base64"]) == "base64"
  }
}

/// A field that holds a text, a list of ids, or a list of either.
enum PromptField {
  static func prompts(_ fields: FieldReader, _ name: String, limit: Int) throws -> [CompletionRequest.Prompt] {
    let value = try fields.required(name)
    if let text = value.string { return [.text(text)] }
    guard let items = value.array, !items.isEmpty else {
      throw fields.fail(name, "must be a string, a list of ids, or a list of either")
    }
    if items.allSatisfy({ $0.int != nil }) { return [.ids(try ids(items, fields, name))] }
    guard items.count <= limit else { throw fields.fail(name, "has \(items.count) items, but the limit is \(limit)") }
    return try items.map { item in
      if let text = item.string { return .text(text) }
      guard let list = item.array, !list.isEmpty else { throw fields.fail(name, "must hold strings or lists of ids") }
      return .ids(try ids(list, fields, name))
    }
  }

  private static func ids(_ items: [JSONValue], _ fields: FieldReader, _ name: String) throws -> [Int32] {
    try items.map { item in
      guard let id = item.int.flatMap({ Int32(exactly: $0) }), id >= 0 else {
        throw fields.fail(name, "holds an id that is no integer of 31 bits")
      }
      return id
    }
  }
}
