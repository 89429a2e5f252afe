package import SpudTensors

/// Bodies of `/v1/chat/completions` and `/v1/completions` that are not streamed.
package enum ChatBody {
  /// One of the answers to a request.
  package struct Choice: Sendable {
    package var answer: CollectedAnswer
    package var reason: FinishReason
    package var logprobs: JSONValue

    package init(_ answer: CollectedAnswer, _ reason: FinishReason, logprobs: JSONValue = .null) {
      (self.answer, self.reason, self.logprobs) = (answer, reason, logprobs)
    }
  }

  /// The body of a chat completion.
  package static func chat(
    id: String, model: String, created: Int, choices: [Choice], usage: Usage, timings: AnswerTimings?, remarks: [String]
  ) -> JSONValue {
    let items = choices.enumerated().map { index, choice in
      JSONValue.members([
        "index": .number(index), "message": message(choice.answer, id: id), "logprobs": choice.logprobs,
        "finish_reason": .string(choice.reason.rawValue),
      ])
    }
    return JSONValue.members([
      "id": .string(id), "object": .string("chat.completion"), "created": .number(created), "model": .string(model),
      "choices": .array(items), "usage": usage.openAI,
    ]).adding(["timings": timings?.json, "remarks": self.remarks(remarks)])
  }

  /// The body of a text completion, or a chunk of its stream.
  ///
  /// - Parameter choices: Each with its text, and why it ended; nil while it goes on.
  package static func completion(
    id: String, model: String, created: Int, choices: [(index: Int, text: String, reason: FinishReason?)],
    logprobs: [JSONValue] = [], usage: JSONValue?, timings: AnswerTimings? = nil, remarks: [String] = []
  ) -> JSONValue {
    let items = choices.enumerated().map { position, choice in
      JSONValue.members([
        "text": .string(choice.text), "index": .number(choice.index),
        "logprobs": logprobs.indices.contains(position) ? logprobs[position] : .null,
        "finish_reason": .text(choice.reason?.rawValue),
      ])
    }
    return JSONValue.members([
      "id": .string(id), "object": .string("text_completion"), "created": .number(created), "model": .string(model),
      "choices": .array(items),
    ]).adding(["usage": usage, "timings": timings?.json, "remarks": self.remarks(remarks)])
  }

  private static func message(_ answer: CollectedAnswer, id: String) -> JSONValue {
    let hasText = !answer.content.isEmpty || answer.calls.isEmpty
    let calls: [JSONValue] = answer.calls.map { call in
      .members([
        "id": .string(call.id), "type": .string("function"),
        "function": .members(["name": .string(call.name), "arguments": .string(call.arguments)]),
      ])
    }
    let pictures = answer.media.filter { $0.kind == .image }.enumerated().map { picture($1, index: $0) }
    let sound = answer.media.first { $0.kind == .audio }
    return JSONValue.members([
      "role": .string("assistant"), "content": hasText ? .string(answer.content) : .null, "refusal": .null,
    ]).adding([
      "reasoning_content": answer.reasoning.isEmpty ? nil : .string(answer.reasoning),
      "tool_calls": calls.isEmpty ? nil : .array(calls), "images": pictures.isEmpty ? nil : .array(pictures),
      "audio": sound.map { audio($0, id: id) },
    ])
  }

  /// A medium as the member of a delta.
  static func member(of medium: AnswerMedium, id: String) -> (String, JSONValue) {
    switch medium.kind {
    case .image: ("images", .array([picture(medium, index: 0)]))
    case .audio: ("audio", audio(medium, id: id))
    }
  }

  private static func picture(_ medium: AnswerMedium, index: Int) -> JSONValue {
    .members([
      "index": .number(index), "type": .string("image_url"),
      "image_url": .members(["url": .string(DataURL.text(medium.bytes, type: medium.type))]),
    ])
  }

  private static func audio(_ medium: AnswerMedium, id: String) -> JSONValue {
    // Nothing is stored, so it never expires: the time is the last that 32 bits hold.
    .members([
      "id": .string("audio_\(id)"), "data": .string(Base64.encode(medium.bytes)), "transcript": .string(""),
      "expires_at": .number(Int(Int32.max)),
    ])
  }

  static func remarks(_ remarks: [String]) -> JSONValue? {
    remarks.isEmpty ? nil : .array(remarks.map { .string($0) })
  }
}
