package import SpudTensors

/// How many tokens a request took, by kind.
package struct Usage: Sendable, Equatable {
  package struct Count: Sendable, Equatable {
    package var text = 0, image = 0, audio = 0
    package var total: Int { text + image + audio }

    package init(text: Int = 0, image: Int = 0, audio: Int = 0) {
      (self.text, self.image, self.audio) = (text, image, audio)
    }

    var details: [(String, JSONValue)] {
      [("text_tokens", .number(text)), ("image_tokens", .number(image)), ("audio_tokens", .number(audio))]
    }
  }

  package var prompt: Count
  /// Tokens of the prompt that were found again.
  package var cached: Int
  package var answer: Count
  /// Tokens of the answer that were thoughts.
  package var reasoning: Int

  package init(prompt: Count = .init(), cached: Int = 0, answer: Count = .init(), reasoning: Int = 0) {
    (self.prompt, self.cached, self.answer, self.reasoning) = (prompt, cached, answer, reasoning)
  }

  package var openAI: JSONValue {
    .object(
      JSONObject([
        ("prompt_tokens", .number(prompt.total)), ("completion_tokens", .number(answer.total)),
        ("total_tokens", .number(prompt.total + answer.total)),
        ("prompt_tokens_details", .object(JSONObject([("cached_tokens", .number(cached))] + prompt.details))),
        ("completion_tokens_details", .object(JSONObject([("reasoning_tokens", .number(reasoning))] + answer.details))),
      ]))
  }

  package var anthropic: JSONValue {
    .members([
      "input_tokens": .number(prompt.total - cached), "cache_read_input_tokens": .number(cached),
      "cache_creation_input_tokens": .number(0), "output_tokens": .number(answer.total),
    ])
  }

  /// As requests for pictures and sounds have it.
  package var ofMedia: JSONValue {
    .members([
      "input_tokens": .number(prompt.total), "input_tokens_details": .object(JSONObject(prompt.details)),
      "output_tokens": .number(answer.total), "output_tokens_details": .object(JSONObject(answer.details)),
      "total_tokens": .number(prompt.total + answer.total),
    ])
  }
}
