package import SpudTensors

/// A request to `/v1/responses`, with its input in the form that chat completions have.
package struct ResponseRequest: Sendable {
  package let model: String?
  package let messages: [JSONValue]
  package let sampling: SamplingFields
  package let maximumTokens: Int?
  package let streams: Bool
  /// In the form of chat completions.
  package let tools: [JSONValue]
  package let toolChoice: ChatRequest.ToolChoice
  package let allowsParallelCalls: Bool
  package let responseFormat: ChatRequest.ResponseFormat
  package let reasoningEffort: String?
  /// What the answer repeats of the request.
  package let echo: Echo

  package struct Echo: Sendable, Equatable {
    package var instructions: JSONValue = .null
    package var tools: JSONValue = .array([])
    package var toolChoice: JSONValue = .string("auto")
    package var metadata: JSONValue = .object(JSONObject())
    package var temperature: JSONValue = .null
    package var topP: JSONValue = .null
    package var maximumTokens: JSONValue = .null
    package var format: JSONValue = .members(["type": .string("text")])
    package var allowsParallelCalls = true

    package init() {}
  }

  /// - Throws: `APIError`, naming the field.
  package init(_ json: JSONValue) throws {
    let fields = try RequestForm.responses.reader(json)
    model = try fields.string("model")
    if try fields.bool("background") == true { throw fields.fail("background", "is not supported") }
    _ = try fields.choice("truncation", of: ["disabled"])
    var sampling = SamplingFields()
    sampling.temperature = try fields.double("temperature", in: 0...5)
    sampling.topP = try fields.double("top_p", in: 0...1)
    self.sampling = sampling
    maximumTokens = try fields.int("max_output_tokens", in: 1...(1 << 31))
    streams = try fields.bool("stream") ?? false
    tools = try (fields.array("tools", limit: 128) ?? []).enumerated().map { try Self.tool($1, $0, fields) }
    toolChoice = try Self.choice(fields, tools)
    allowsParallelCalls = try fields.bool("parallel_tool_calls") ?? true
    responseFormat = try Self.format(fields)
    reasoningEffort = try fields.object("reasoning")?.choice(
      "effort", of: ["none", "minimal", "low", "medium", "high", "xhigh", "max"])
    let instructions = try fields.string("instructions")
    let system: [JSONValue] =
      instructions.map { [.members(["role": .string("system"), "content": .string($0)])] } ?? []
    messages = try system + Self.messages(fields)
    var echo = Echo()
    echo.instructions = .text(instructions)
    echo.tools = .array(try fields.array("tools", limit: 128) ?? [])
    echo.toolChoice = fields.value("tool_choice") ?? .string("auto")
    echo.metadata = fields.value("metadata") ?? .object(JSONObject())
    echo.temperature = fields.value("temperature") ?? .null
    echo.topP = fields.value("top_p") ?? .null
    echo.maximumTokens = fields.value("max_output_tokens") ?? .null
    echo.format = fields.value("text")?["format"] ?? echo.format
    echo.allowsParallelCalls = allowsParallelCalls
    self.echo = echo
  }

  private static func messages(_ fields: FieldReader) throws -> [JSONValue] {
    let input = try fields.required("input")
    if input.string != nil { return [.members(["role": .string("user"), "content": input])] }
    let items = try fields.array("input", limit: ChatRequest.messageLimit) ?? []
    guard !items.isEmpty else { throw fields.fail("input", "is empty") }
    var messages: [JSONValue] = []
    var calls: [JSONValue] = []
    var thought = ""
    func flush() {
      guard !calls.isEmpty || !thought.isEmpty else { return }
      messages.append(
        JSONValue.members(["role": .string("assistant"), "content": .null]).adding([
          "reasoning_content": thought.isEmpty ? nil : .string(thought),
          "tool_calls": calls.isEmpty ? nil : .array(calls),
        ]))
      (calls, thought) = ([], "")
    }
    for (index, item) in items.enumerated() {
      let path = "input[\(index)]"
      guard let object = item.object else { throw fields.fail(path, "is \(item.kind), but must be an object") }
      let reader = FieldReader(object: object, path: path + ".")
      switch try reader.string("type") ?? "message" {
      case "message":
        flush()
        messages.append(try message(reader))
      case "function_call": calls.append(try call(reader))
      case "function_call_output":
        flush()
        messages.append(
          .members([
            "role": .string("tool"), "tool_call_id": .string(try text(reader, "call_id")),
            "content": .string(try output(reader)),
          ]))
      case "reasoning":
        thought += (try reader.array("content", limit: 1000) ?? []).compactMap { $0["text"]?.string }.joined()
      case let type: throw reader.fail("type", "is '\(type.prefix(40))', which is not supported")
      }
    }
    flush()
    return messages
  }

  private static func message(_ reader: FieldReader) throws -> JSONValue {
    guard let role = try reader.choice("role", of: ["user", "assistant", "system", "developer"]) else {
      throw reader.fail("role", "is missing")
    }
    let content = try reader.required("content")
    if content.string != nil { return .members(["role": .string(role), "content": content]) }
    guard let parts = content.array else { throw reader.fail("content", "must be a string or a list of parts") }
    let converted = try parts.enumerated().map { index, part in
      guard let object = part.object else { throw reader.fail("content[\(index)]", "must be an object with a type") }
      return try self.part(FieldReader(object: object, path: "\(reader.path)content[\(index)]."))
    }
    return .members(["role": .string(role), "content": .array(converted)])
  }

  private static func part(_ reader: FieldReader) throws -> JSONValue {
    switch try reader.string("type") ?? "" {
    case "input_text", "output_text", "text":
      return .members(["type": .string("text"), "text": .string(try text(reader, "text"))])
    case "refusal": return .members(["type": .string("text"), "text": .string(try text(reader, "refusal"))])
    case "input_image":
      if reader.value("file_id") != nil { throw reader.fail("file_id", "is not supported: send the image itself") }
      return .members([
        "type": .string("image_url"), "image_url": .members(["url": .string(try text(reader, "image_url"))]),
      ])
    case "input_audio":
      guard let audio = reader.value("input_audio") else { throw reader.fail("input_audio", "is missing") }
      return .members(["type": .string("input_audio"), "input_audio": audio])
    case let type: throw reader.fail("type", "is '\(type.prefix(40))', which is not supported")
    }
  }

  private static func call(_ reader: FieldReader) throws -> JSONValue {
    .members([
      "id": .string(try text(reader, "call_id")), "type": .string("function"),
      "function": .members([
        "name": .string(try text(reader, "name")), "arguments": .string(try text(reader, "arguments")),
      ]),
    ])
  }

  /// What a tool gave: a string, or the text of a list of text parts.
  private static func output(_ reader: FieldReader) throws -> String {
    let output = try reader.required("output")
    if let text = output.string { return text }
    guard let parts = output.array else { throw reader.fail("output", "must be a string or a list of text parts") }
    return try parts.map { part in
      guard let text = part["text"]?.string else { throw reader.fail("output", "must hold text parts only") }
      return text
    }.joined()
  }

  private static func text(_ reader: FieldReader, _ name: String) throws -> String {
    guard let text = try reader.string(name) else { throw reader.fail(name, "is missing") }
    return text
  }

  /// A tool in the form of chat completions, where its members stand in `function`.
  private static func tool(_ tool: JSONValue, _ index: Int, _ fields: FieldReader) throws -> JSONValue {
    guard let object = tool.object, let type = object["type"]?.string else {
      throw fields.fail("tools[\(index)]", "must be an object with a type")
    }
    guard type == "function" else {
      throw fields.fail("tools[\(index)].type", "is '\(type.prefix(40))', but only functions are supported")
    }
    guard let name = object["name"]?.string, !name.isEmpty else {
      throw fields.fail("tools[\(index)].name", "is missing")
    }
    let members = object.members.filter { $0.key != "type" && !$0.value.isNull }.map { ($0.key, $0.value) }
    return .members(["type": .string("function"), "function": .object(JSONObject(members))])
  }

  private static func choice(_ fields: FieldReader, _ tools: [JSONValue]) throws -> ChatRequest.ToolChoice {
    guard let value = fields.value("tool_choice") else { return tools.isEmpty ? .none : .auto }
    if value.string == nil {
      guard let name = value["name"]?.string, tools.contains(where: { $0["function"]?["name"]?.string == name }) else {
        throw fields.fail("tool_choice", "must be none, auto, required or one of the tools")
      }
      return .function(name)
    }
    switch try fields.choice("tool_choice", of: ["none", "auto", "required"]) {
    case "none": return .none
    case "required":
      guard !tools.isEmpty else { throw fields.fail("tool_choice", "requires a call, but there are no tools") }
      return .required
    default: return tools.isEmpty ? .none : .auto
    }
  }

  private static func format(_ fields: FieldReader) throws -> ChatRequest.ResponseFormat {
    guard let text = try fields.object("text"), let format = try text.object("format") else { return .text }
    switch try format.choice("type", of: ["text", "json_object", "json_schema"]) {
    case "json_object": return .jsonObject
    case "json_schema": return .jsonSchema(try format.required("schema"))
    default: return .text
    }
  }
}
