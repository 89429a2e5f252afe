package import SpudTensors

/// A request to Anthropic's `/v1/messages`, with its messages in the form that chat templates are filled in with.
package struct MessageRequest: Sendable {
  package let model: String?
  package let messages: [JSONValue]
  package let sampling: SamplingFields
  package let maximumTokens: Int
  package let streams: Bool
  /// In OpenAI's form.
  package let tools: [JSONValue]
  package let toolChoice: ChatRequest.ToolChoice
  /// Whether to think; nil leaves it to the model.
  package let thinks: Bool?

  /// - Throws: `APIError`, naming the field.
  package init(_ json: JSONValue) throws {
    let fields = try RequestForm.messages.reader(json)
    model = try fields.string("model")
    _ = try fields.required("max_tokens")
    maximumTokens = try fields.int("max_tokens", in: 1...(1 << 31)) ?? 1
    var sampling = SamplingFields()
    sampling.temperature = try fields.double("temperature", in: 0...1)
    sampling.topP = try fields.double("top_p", in: 0...1)
    sampling.topK = try fields.int("top_k", in: 0...1_000_000)
    sampling.stops = try SamplingFields.stops(fields, "stop_sequences")
    self.sampling = sampling
    streams = try fields.bool("stream") ?? false
    tools = try (fields.array("tools", limit: 128) ?? []).enumerated().map { try Self.tool($1, $0, fields) }
    toolChoice = try Self.choice(fields, tools)
    thinks = try fields.object("thinking")?.choice("type", of: ["enabled", "disabled", "adaptive"])
      .flatMap { $0 == "adaptive" ? nil : $0 == "enabled" }
    messages = try Self.system(fields) + Self.messages(fields)
  }

  private static func system(_ fields: FieldReader) throws -> [JSONValue] {
    guard let system = fields.value("system") else { return [] }
    return [object([("role", .string("system")), ("content", .string(try text(system, fields, "system")))])]
  }

  /// A string, or the text of a list of text blocks.
  private static func text(_ value: JSONValue, _ fields: FieldReader, _ name: String) throws -> String {
    if let text = value.string { return text }
    guard let blocks = value.array else { throw fields.fail(name, "must be a string or a list of text blocks") }
    return try blocks.map { block in
      guard block["type"]?.string == "text", let text = block["text"]?.string else {
        throw fields.fail(name, "must hold text blocks only")
      }
      return text
    }.joined()
  }

  private static func messages(_ fields: FieldReader) throws -> [JSONValue] {
    _ = try fields.required("messages")
    let messages = try fields.array("messages", limit: ChatRequest.messageLimit) ?? []
    guard !messages.isEmpty else { throw fields.fail("messages", "is empty") }
    return try messages.enumerated().flatMap { index, message in
      guard let members = message.object else { throw fields.fail("messages[\(index)]", "must be an object") }
      let reader = FieldReader(object: members, path: "messages[\(index)].")
      guard let role = try reader.choice("role", of: ["user", "assistant"]) else {
        throw reader.fail("role", "is missing")
      }
      let content = try reader.required("content")
      if content.string != nil { return [object([("role", .string(role)), ("content", content)])] }
      guard let blocks = content.array else { throw reader.fail("content", "must be a string or a list of blocks") }
      return try Self.blocks(blocks, role, reader)
    }
  }

  /// One message of blocks as messages of ours: results of tools become messages of their own, before the rest.
  private static func blocks(_ blocks: [JSONValue], _ role: String, _ reader: FieldReader) throws -> [JSONValue] {
    var results: [JSONValue] = [], parts: [JSONValue] = [], calls: [JSONValue] = [], thought = ""
    for (index, block) in blocks.enumerated() {
      let name = "content[\(index)]"
      guard let members = block.object, let type = block["type"]?.string else {
        throw reader.fail(name, "must be an object with a type")
      }
      let inner = FieldReader(object: members, path: "\(reader.path)\(name).")
      switch (type, role) {
      case ("text", _): parts.append(object([("type", .string("text")), ("text", .string(try text(inner, "text")))]))
      case ("image", "user"): parts.append(try image(inner))
      case ("thinking", "assistant"): thought += try text(inner, "thinking")
      case ("redacted_thinking", "assistant"): break
      case ("tool_use", "assistant"):
        let function = object([
          ("name", .string(try text(inner, "name"))), ("arguments", inner.value("input") ?? object([])),
        ])
        calls.append(
          object([("id", .string(try text(inner, "id"))), ("type", .string("function")), ("function", function)]))
      case ("tool_result", "user"):
        let answer = try inner.value("content").map { try text($0, inner, "content") } ?? ""
        results.append(
          object([
            ("role", .string("tool")), ("tool_call_id", .string(try text(inner, "tool_use_id"))),
            ("content", .string(answer)),
          ]))
      default: throw inner.fail("type", "is '\(type.prefix(40))', which is not supported in a message of the \(role)")
      }
    }
    var members: [(String, JSONValue)] = [("role", .string(role)), ("content", .array(parts))]
    if !thought.isEmpty { members.append(("reasoning_content", .string(thought))) }
    if !calls.isEmpty { members.append(("tool_calls", .array(calls))) }
    let isOnlyResults = parts.isEmpty && calls.isEmpty && thought.isEmpty
    return results + (isOnlyResults && !results.isEmpty ? [] : [object(members)])
  }

  private static func text(_ reader: FieldReader, _ name: String) throws -> String {
    guard let text = try reader.string(name) else { throw reader.fail(name, "is missing") }
    return text
  }

  /// An image as a data URL, the form that the other interface has.
  private static func image(_ reader: FieldReader) throws -> JSONValue {
    guard let source = try reader.object("source"), let type = try source.choice("type", of: ["base64", "url"]) else {
      throw reader.fail("source", "is missing")
    }
    let url =
      type == "url"
      ? try text(source, "url") : "data:\(try text(source, "media_type"));base64,\(try text(source, "data"))"
    return object([("type", .string("image_url")), ("image_url", object([("url", .string(url))]))])
  }

  private static func tool(_ tool: JSONValue, _ index: Int, _ fields: FieldReader) throws -> JSONValue {
    guard let name = tool["name"]?.string, !name.isEmpty, let schema = tool["input_schema"], schema.object != nil else {
      throw fields.fail("tools[\(index)]", "must be an object with a name and an input_schema")
    }
    var function: [(String, JSONValue)] = [("name", .string(name))]
    if let description = tool["description"], description.string != nil {
      function.append(("description", description))
    }
    return object([("type", .string("function")), ("function", object(function + [("parameters", schema)]))])
  }

  private static func choice(_ fields: FieldReader, _ tools: [JSONValue]) throws -> ChatRequest.ToolChoice {
    guard let choice = try fields.object("tool_choice") else { return tools.isEmpty ? .none : .auto }
    switch try choice.choice("type", of: ["auto", "any", "none", "tool"]) {
    case "auto": return .auto
    case "none": return .none
    case "any":
      guard !tools.isEmpty else { throw fields.fail("tool_choice", "requires a call, but there are no tools") }
      return .required
    default:
      let name = try text(choice, "name")
      guard tools.contains(where: { $0["function"]?["name"]?.string == name }) else {
        throw fields.fail("tool_choice", "names '\(name.prefix(80))', which is none of the tools")
      }
      return .function(name)
    }
  }

  private static func object(_ members: [(String, JSONValue)]) -> JSONValue { .object(JSONObject(members)) }
}
