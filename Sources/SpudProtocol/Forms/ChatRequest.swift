package import SpudTensors

/// A request to `/v1/chat/completions`.
package struct ChatRequest: Sendable {
  package enum ResponseFormat: Sendable, Equatable {
    case text
    case jsonObject
    case jsonSchema(JSONValue)
  }

  package enum ToolChoice: Sendable, Equatable {
    case none, auto, required
    case function(String)
  }

  package static let messageLimit = 10_000
  package static let choiceLimit = 8
  package static let roles = ["system", "developer", "user", "assistant", "tool"]

  package let model: String?
  /// As sent, each checked to have a role and content of a known shape: what chat templates are filled in with.
  package let messages: [JSONValue]
  package let sampling: SamplingFields
  package let maximumTokens: Int?
  package let choiceCount: Int
  package let streams: Bool
  package let includesUsage: Bool
  /// How many alternatives each token is to be given with; nil without log-probabilities.
  package let alternatives: Int?
  package let responseFormat: ResponseFormat
  package let tools: [JSONValue]
  package let toolChoice: ToolChoice
  package let allowsParallelCalls: Bool
  package let reasoningEffort: String?
  package let templateArguments: JSONObject
  package let modalities: [String]
  /// How a sound of the answer is to be encoded; nil where the request does not say.
  package let audioFormat: SoundFormat?
  /// Whether each id comes beside what it means, with the experts that it went to.
  package let returnsTokens: Bool

  /// - Throws: `APIError`, naming the field.
  package init(_ json: JSONValue) throws {
    let fields = try RequestForm.chatCompletions.reader(json)
    model = try fields.string("model")
    messages = try Self.messages(fields)
    sampling = try SamplingFields(fields)
    maximumTokens =
      try fields.int("max_completion_tokens", in: 1...(1 << 31)) ?? fields.int("max_tokens", in: 1...(1 << 31))
    choiceCount = try fields.int("n", in: 1...Self.choiceLimit) ?? 1
    streams = try fields.bool("stream") ?? false
    includesUsage = try Self.includesUsage(fields, streams)
    let wantsLogProbabilities = try fields.bool("logprobs") ?? false
    let top = try fields.int("top_logprobs", in: 0...20)
    guard top == nil || wantsLogProbabilities else { throw fields.fail("top_logprobs", "needs 'logprobs'") }
    alternatives = wantsLogProbabilities ? top ?? 0 : nil
    responseFormat = try Self.format(fields)
    tools = try Self.tools(fields)
    toolChoice = try Self.choice(fields, tools)
    allowsParallelCalls = try fields.bool("parallel_tool_calls") ?? true
    reasoningEffort = try fields.choice(
      "reasoning_effort", of: ["none", "minimal", "low", "medium", "high", "xhigh", "max"])
    templateArguments = try fields.object("chat_template_kwargs")?.object ?? JSONObject()
    modalities = try (fields.array("modalities", limit: 4) ?? [.string("text")]).map { item in
      guard let name = item.string, ["text", "image", "audio"].contains(name) else {
        throw fields.fail("modalities", "must hold text, image or audio")
      }
      return name
    }
    returnsTokens = try fields.bool("return_tokens") ?? false
    guard !returnsTokens || streams else { throw fields.fail("return_tokens", "needs 'stream'") }
    audioFormat = try fields.object("audio").map { try SoundFormat($0, field: "format") }
  }

  static func includesUsage(_ fields: FieldReader, _ streams: Bool) throws -> Bool {
    guard let options = try fields.object("stream_options") else { return false }
    guard streams else { throw fields.fail("stream_options", "needs 'stream'") }
    for key in options.object.keys where !["include_usage", "include_obfuscation"].contains(key) {
      throw options.fail(key, "is unknown")
    }
    return try options.bool("include_usage") ?? false
  }

  private static func messages(_ fields: FieldReader) throws -> [JSONValue] {
    _ = try fields.required("messages")
    let messages = try fields.array("messages", limit: messageLimit) ?? []
    guard !messages.isEmpty else { throw fields.fail("messages", "is empty") }
    for (index, message) in messages.enumerated() {
      let path = "messages[\(index)]"
      guard let object = message.object else { throw fields.fail(path, "is \(message.kind), but must be an object") }
      let reader = FieldReader(object: object, path: path + ".")
      guard let role = try reader.choice("role", of: roles) else { throw reader.fail("role", "is missing") }
      let calls = try reader.array("tool_calls", limit: 1000) ?? []
      guard reader.value("content") != nil || (role == "assistant" && !calls.isEmpty) else {
        throw reader.fail("content", "is missing")
      }
      try check(content: reader)
      if role == "tool", try reader.string("tool_call_id") == nil { throw reader.fail("tool_call_id", "is missing") }
    }
    return messages
  }

  private static func check(content reader: FieldReader) throws {
    guard let content = reader.value("content"), content.string == nil else { return }
    guard let parts = content.array else { throw reader.fail("content", "must be a string or a list of parts") }
    for (index, part) in parts.enumerated() {
      let name = "content[\(index)]"
      guard let object = part.object, let type = object["type"]?.string else {
        throw reader.fail(name, "must be an object with a type")
      }
      let inner = FieldReader(object: object, path: "\(reader.path)\(name).")
      switch type {
      case "text": guard try inner.string("text") != nil else { throw inner.fail("text", "is missing") }
      case "refusal": guard try inner.string("refusal") != nil else { throw inner.fail("refusal", "is missing") }
      case "image_url":
        guard try inner.object("image_url")?.string("url") != nil else {
          throw inner.fail("image_url.url", "is missing")
        }
      case "input_audio":
        guard try inner.object("input_audio")?.string("data") != nil else {
          throw inner.fail("input_audio.data", "is missing")
        }
      case "video":
        guard try inner.array("frames", limit: 32) != nil else { throw inner.fail("frames", "is missing") }
      default: throw inner.fail("type", "is '\(type.prefix(40))', which is not supported")
      }
    }
  }

  private static func format(_ fields: FieldReader) throws -> ResponseFormat {
    guard let format = try fields.object("response_format") else { return .text }
    switch try format.choice("type", of: ["text", "json_object", "json_schema"]) {
    case "json_object": return .jsonObject
    case "json_schema":
      guard let schema = try format.object("json_schema")?.required("schema") else {
        throw format.fail("json_schema", "is missing")
      }
      return .jsonSchema(schema)
    case .some: return .text
    case nil: throw format.fail("type", "is missing")
    }
  }

  private static func tools(_ fields: FieldReader) throws -> [JSONValue] {
    let tools = try fields.array("tools", limit: 128) ?? []
    for (index, tool) in tools.enumerated() {
      let path = "tools[\(index)]"
      guard let object = tool.object, object["type"]?.string == "function" else {
        throw fields.fail(path, "must be an object of the type 'function'")
      }
      guard let function = try FieldReader(object: object, path: path + ".").object("function"),
        let name = try function.string("name"), !name.isEmpty
      else { throw fields.fail(path + ".function", "must be an object with a name") }
    }
    return tools
  }

  private static func choice(_ fields: FieldReader, _ tools: [JSONValue]) throws -> ToolChoice {
    guard let value = fields.value("tool_choice") else { return tools.isEmpty ? .none : .auto }
    if value.string == nil {
      guard let name = value["function"]?["name"]?.string else {
        throw fields.fail("tool_choice", "must be none, auto, required or a function's name")
      }
      guard tools.contains(where: { $0["function"]?["name"]?.string == name }) else {
        throw fields.fail("tool_choice", "names '\(name.prefix(80))', which is none of the tools")
      }
      return .function(name)
    }
    let choice = try fields.choice("tool_choice", of: ["none", "auto", "required"])
    if choice == "required", tools.isEmpty {
      throw fields.fail("tool_choice", "requires a call, but there are no tools")
    }
    return choice == "none" ? .none : choice == "auto" ? .auto : .required
  }
}
