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

  /// What an answer looks like that may call functions or not: where it does, those that are strict get arguments of
  /// their schema.
  ///
  /// - Throws: `SpudError` (`usage`) for a schema of arguments that is no object's.
  static func freeShape(of tools: [Tool], in format: AnswerFormat) throws -> TextShape {
    let frame = frame(in: format)
    let calls = try tools.map { tool in
      let name = TextShape.literal(frame.name(tool.name)), end = TextShape.literal(frame.end)
      if tool.isStrict { return TextShape.sequence([name, try arguments(of: tool, in: format), end]) }
      return .sequence([name] + (format.hasTaggedArguments ? [.until(frame.end)] : [.anyObject, end]))
    }
    return .calls(marker: frame.begin, call: .choice(calls), isAtStart: format == .llama)
  }

  private static func shape(of tool: Tool, in format: AnswerFormat) throws -> TextShape {
    guard format != .plain else { throw SpudError(.usage, "this model's chat template knows no tools") }
    let frame = frame(in: format)
    return .sequence([
      .literal(frame.begin + frame.name(tool.name)), try arguments(of: tool, in: format), .literal(frame.end),
    ])
  }

  /// What is around the arguments of a call.
  private struct Frame {
    /// What no text but a call begins with.
    var begin: String
    /// What follows it, up to the arguments, for the function of a name.
    var name: (String) -> String
    var end: String
  }

  private static func frame(in format: AnswerFormat) -> Frame {
    func quoted(_ name: String) -> String { String(decoding: JSONValue.string(name).serialized, as: UTF8.self) }
    switch format {
    case .hermes, .plain:
      return Frame(
        begin: "<tool_call>", name: { "\n{\"name\": \(quoted($0)), \"arguments\": " }, end: "}\n</tool_call>")
    case .llama: return Frame(begin: "{\"name\": ", name: { "\(quoted($0)), \"parameters\": " }, end: "}")
    case .mistral:
      return Frame(begin: "[TOOL_CALLS]", name: { "[{\"name\": \(quoted($0)), \"arguments\": " }, end: "}]")
    case .harmony:
      return Frame(
        begin: "<|channel|>commentary to=functions.", name: { "\($0) <|constrain|>json<|message|>" }, end: "")
    case .deepSeek:
      return Frame(
        begin: "<｜tool▁calls▁begin｜>", name: { "<｜tool▁call▁begin｜>\($0)<｜tool▁sep｜>" },
        end: "<｜tool▁call▁end｜><｜tool▁calls▁end｜>")
    case .glm: return Frame(begin: "<tool_call>", name: { "\($0)\n" }, end: "</tool_call>")
    case .qwenCoder:
      return Frame(begin: "<tool_call>", name: { "\n<function=\($0)>\n" }, end: "</function>\n</tool_call>")
    }
  }

  private static func arguments(of tool: Tool, in format: AnswerFormat) throws -> TextShape {
    let schema = try parameters(of: tool)
    switch format {
    case .glm: return tags(schema) { ("<arg_key>\($0)</arg_key>\n<arg_value>", "</arg_value>\n") }
    case .qwenCoder: return tags(schema) { ("<parameter=\($0)>\n", "\n</parameter>\n") }
    default: return .json(schema)
    }
  }

  /// Arguments as tags, in the order of the schema; those that are not required may be left out.
  private static func tags(_ schema: JSONValue, _ tag: (String) -> (String, String)) -> TextShape {
    let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
    var items: [TextShape] = []
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
    return .sequence(items)
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
