internal import SpudErrors
internal import SpudProtocol
internal import SpudSchema
internal import SpudTensors

/// What a call of one of some functions looks like in an answer of a family of models.
enum CallShape {
  /// - Throws: `SpudError` (`usage`) for a schema of arguments that is no object's.
  static func shape(of tools: [Tool], in format: AnswerFormat) throws -> TextShape {
    .choice(try tools.map { try shape(of: $0, in: format) })
  }

  private static func shape(of tool: Tool, in format: AnswerFormat) throws -> TextShape {
    let schema = try parameters(of: tool)
    let arguments = TextShape.json(schema)
    let name = String(decoding: JSONValue.string(tool.name).serialized, as: UTF8.self)
    func sequence(_ before: String, _ after: String) -> TextShape {
      .sequence([.literal(before), arguments, .literal(after)])
    }
    switch format {
    case .plain: throw SpudError(.usage, "this model's chat template knows no tools")
    case .hermes: return sequence("<tool_call>\n{\"name\": \(name), \"arguments\": ", "}\n</tool_call>")
    case .llama: return sequence("{\"name\": \(name), \"parameters\": ", "}")
    case .mistral: return sequence("[TOOL_CALLS][{\"name\": \(name), \"arguments\": ", "}]")
    case .harmony:
      return sequence("<|channel|>commentary to=functions.\(tool.name) <|constrain|>json<|message|>", "")
    case .deepSeek:
      return sequence(
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>\(tool.name)<｜tool▁sep｜>", "<｜tool▁call▁end｜><｜tool▁calls▁end｜>")
    case .glm:
      return try tags(schema, "<tool_call>\(tool.name)\n", "</tool_call>") { key in
        ("<arg_key>\(key)</arg_key>\n<arg_value>", "</arg_value>\n")
      }
    case .qwenCoder:
      return try tags(schema, "<tool_call>\n<function=\(tool.name)>\n", "</function>\n</tool_call>") { key in
        ("<parameter=\(key)>\n", "\n</parameter>\n")
      }
    }
  }

  /// Arguments as tags, in the order of the schema; those that are not required may be left out.
  private static func tags(
    _ schema: JSONValue, _ before: String, _ after: String, _ tag: (String) -> (String, String)
  ) throws -> TextShape {
    let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
    var items = [TextShape.literal(before)]
    for member in schema["properties"]?.object?.members ?? [] {
      let (open, close) = tag(member.key)
      let isText = member.value["type"]?.string == "string" && member.value["enum"] == nil
      let choices = member.value["enum"]?.array?.compactMap(\.string)
      let value: TextShape =
        if isText {
          .text(without: UInt8(ascii: "<"))
        } else if let choices, !choices.isEmpty {
          .choice(choices.map { .literal($0) })
        } else {
          .json(member.value)
        }
      let item = TextShape.sequence([.literal(open), value, .literal(close)])
      items.append(required.contains(member.key) ? item : .optional(item))
    }
    return .sequence(items + [.literal(after)])
  }

  private static func parameters(of tool: Tool) throws -> JSONValue {
    let none = JSONValue.object(JSONObject([("type", .string("object")), ("properties", .object(JSONObject()))]))
    guard let text = tool.parameters else { return none }
    let schema = try JSONValue(parsing: text, name: "the parameters of '\(tool.name)'")
    guard schema.object != nil, schema["type"]?.string ?? "object" == "object" else {
      throw SpudError(.usage, "the parameters of '\(tool.name)' must be a schema of an object")
    }
    return schema.object?.isEmpty == true ? none : schema
  }
}
