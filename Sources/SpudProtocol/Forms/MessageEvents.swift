package import SpudTensors

/// Turns the events of an answer into those of Anthropic's `/v1/messages`: message start; for each block start, deltas,
/// stop; message delta with the reason, message stop.
package struct MessageEvents: Sendable {
  package typealias Event = (name: String, data: JSONValue)

  private enum Block: Sendable, Equatable { case text, thinking, call }

  package let id: String
  package let model: String
  private var open: Block?
  private var blockCount = 0

  package init(id: String, model: String) { (self.id, self.model) = (id, model) }

  package func start(promptTokens: Int) -> [Event] {
    let usage = JSONValue.object(JSONObject([("input_tokens", .number(promptTokens)), ("output_tokens", .number(0))]))
    let message: [(String, JSONValue)] = [
      ("id", .string(id)), ("type", .string("message")), ("role", .string("assistant")), ("content", .array([])),
      ("model", .string(model)), ("stop_reason", .null), ("stop_sequence", .null), ("usage", usage),
    ]
    return [event("message_start", [("message", .object(JSONObject(message)))])]
  }

  package mutating func events(of events: [AnswerEvent], makeID: (Int) -> String) -> [Event] {
    var result: [Event] = []
    for event in events {
      switch event {
      case .content(let part):
        if open != .text { result += close() + begin(.text, [("type", .string("text")), ("text", .string(""))]) }
        result.append(delta("text_delta", "text", part))
      case .reasoning(let part):
        if open != .thinking {
          let block: [(String, JSONValue)] = [
            ("type", .string("thinking")), ("thinking", .string("")), ("signature", .string("")),
          ]
          result += close() + begin(.thinking, block)
        }
        result.append(delta("thinking_delta", "thinking", part))
      case .callStarted(let index, let name, let given):
        let block: [(String, JSONValue)] = [
          ("type", .string("tool_use")), ("id", .string(given ?? makeID(index))), ("name", .string(name)),
          ("input", .object(JSONObject())),
        ]
        result += close() + begin(.call, block)
      case .callArguments(_, let part): result.append(delta("input_json_delta", "partial_json", part))
      case .callEnded: result += close()
      case .medium: break  // An answer of words was asked for: the form has no place for media.
      }
    }
    return result
  }

  /// - Parameter stop: The stop string that ended the answer, if one did.
  package mutating func end(_ reason: FinishReason, stop: String?, _ usage: Usage) -> [Event] {
    let delta: [(String, JSONValue)] = [
      ("stop_reason", .string(MessageBody.reason(reason, stop: stop))),
      ("stop_sequence", stop.map { .string($0) } ?? .null),
    ]
    let count = usage.anthropic
    return close() + [
      event("message_delta", [("delta", .object(JSONObject(delta))), ("usage", count)]), event("message_stop", []),
    ]
  }

  private mutating func begin(_ block: Block, _ members: [(String, JSONValue)]) -> [Event] {
    open = block
    return [
      event("content_block_start", [("index", .number(blockCount)), ("content_block", .object(JSONObject(members)))])
    ]
  }

  private mutating func close() -> [Event] {
    guard open != nil else { return [] }
    defer {
      open = nil
      blockCount += 1
    }
    return [event("content_block_stop", [("index", .number(blockCount))])]
  }

  private func delta(_ type: String, _ name: String, _ part: String) -> Event {
    let delta = JSONValue.object(JSONObject([("type", .string(type)), (name, .string(part))]))
    return event("content_block_delta", [("index", .number(blockCount)), ("delta", delta)])
  }

  private func event(_ name: String, _ members: [(String, JSONValue)]) -> Event {
    (name, .object(JSONObject([("type", .string(name))] + members)))
  }
}
