package import SpudTensors

/// The body of `/v1/messages` that is not streamed.
package enum MessageBody {
  /// - Parameter stop: The stop string that ended the answer, if one did.
  package static func message(
    id: String, model: String, answer: CollectedAnswer, reason: FinishReason, stop: String?, usage: Usage
  ) -> JSONValue {
    var blocks: [JSONValue] = []
    if !answer.reasoning.isEmpty {
      blocks.append(
        .members([
          "type": .string("thinking"), "thinking": .string(answer.reasoning), "signature": .string(""),
        ]))
    }
    if !answer.content.isEmpty {
      blocks.append(.members(["type": .string("text"), "text": .string(answer.content)]))
    }
    for call in answer.calls {
      // A call that was cut short has no arguments that could be read.
      let input = (try? JSONValue(parsing: call.arguments, name: "arguments")) ?? .object(JSONObject())
      blocks.append(
        .members([
          "type": .string("tool_use"), "id": .string(call.id), "name": .string(call.name), "input": input,
        ]))
    }
    return .members([
      "id": .string(id), "type": .string("message"), "role": .string("assistant"), "model": .string(model),
      "content": .array(blocks), "stop_reason": .string(self.reason(reason, stop: stop)), "stop_sequence": .text(stop),
      "usage": usage.anthropic,
    ])
  }

  static func reason(_ reason: FinishReason, stop: String?) -> String {
    switch reason {
    case .length: "max_tokens"
    case .toolCalls: "tool_use"
    case .stop: stop == nil ? "end_turn" : "stop_sequence"
    }
  }
}
