internal import SpudErrors
internal import SpudTensors
internal import SpudTokens

/// A conversation in the JSON form that chat templates read.
enum Messages {
  static func json(of turns: [StreamTurn]) throws -> [JSONValue] {
    var messages: [JSONValue] = []
    for turn in turns {
      let results = turn.parts.compactMap { part in
        if case .result(let result) = part { result } else { nil }
      }
      if results.isEmpty {
        messages.append(try message(turn))
      } else {
        messages += results.map(json)
      }
    }
    return messages
  }

  private static func message(_ turn: StreamTurn) throws -> JSONValue {
    var message = JSONObject([
      ("role", .string(turn.role.rawValue)), ("content", .string(try TextForm.words(of: turn))),
    ])
    var thought = ""
    var calls: [JSONValue] = []
    for part in turn.parts {
      switch part {
      case .thought(let words): thought += words
      case .call(let call): calls.append(json(call))
      case .text, .image, .audio, .video, .result: break
      }
    }
    if !thought.isEmpty { _ = message.append("reasoning_content", .string(thought)) }
    if !calls.isEmpty { _ = message.append("tool_calls", .array(calls)) }
    return .object(message)
  }

  /// Templates take arguments as an object; what a model wrote that is none stays text.
  private static func json(_ call: ToolCall) -> JSONValue {
    let arguments = (try? JSONValue(parsing: call.arguments, name: "the arguments")) ?? .string(call.arguments)
    return .object(
      JSONObject([
        ("id", .string(call.id)), ("type", .string("function")),
        ("function", .object(JSONObject([("name", .string(call.name)), ("arguments", arguments)]))),
      ]))
  }

  private static func json(_ result: ToolResult) -> JSONValue {
    var message = JSONObject([
      ("role", .string("tool")), ("tool_call_id", .string(result.id)), ("content", .string(result.text)),
    ])
    if let name = result.name { _ = message.append("name", .string(name)) }
    return .object(message)
  }

  /// A function's description in OpenAI's form.
  static func json(_ tool: Tool) throws -> JSONValue {
    var function = JSONObject([("name", .string(tool.name))])
    if let description = tool.description { _ = function.append("description", .string(description)) }
    let parameters = try tool.parameters.map { try JSONValue(parsing: $0, name: "the parameters of '\(tool.name)'") }
    _ = function.append(
      "parameters",
      parameters ?? .object(JSONObject([("type", .string("object")), ("properties", .object(JSONObject()))])))
    return .object(JSONObject([("type", .string("function")), ("function", .object(function))]))
  }
}
