#if Server
internal import SpudInference
internal import SpudProtocol
internal import SpudTensors

/// Probabilities of ids in the shapes that clients read.
enum Logprobs {
  /// As chat completions have them: `content: [{token, logprob, bytes, top_logprobs}]`.
  static func chat(_ tokens: [GeneratedToken]) -> JSONValue {
    let content = tokens.map { token in
      entry(token.bytes, token.logprob).adding([
        "top_logprobs": .array(token.alternatives.map { entry($0.bytes, $0.logprob) })
      ])
    }
    return .members(["content": .array(content), "refusal": .null])
  }

  /// As text completions have them: a list for each of `tokens`, `token_logprobs`, `top_logprobs`, `text_offset`.
  static func completion(_ tokens: [GeneratedToken]) -> JSONValue {
    var offset = 0, offsets: [JSONValue] = []
    for token in tokens {
      offsets.append(.number(offset))
      offset += text(token.bytes).count
    }
    let alternatives = tokens.map { token in
      JSONValue.object(JSONObject(token.alternatives.map { (text($0.bytes), number($0.logprob)) }))
    }
    return .members([
      "tokens": .array(tokens.map { .string(text($0.bytes)) }),
      "token_logprobs": .array(tokens.map { number($0.logprob) }), "top_logprobs": .array(alternatives),
      "text_offset": .array(offsets),
    ])
  }

  private static func entry(_ bytes: [UInt8], _ logprob: Float?) -> JSONValue {
    .members([
      "token": .string(text(bytes)), "logprob": number(logprob), "bytes": .array(bytes.map { .number(Int($0)) }),
    ])
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// JSON has no infinity: the least that clients know is -9999.
  private static func number(_ logprob: Float?) -> JSONValue {
    guard let logprob, logprob.isFinite else { return .number(-9999.0) }
    return .number(Double(logprob))
  }
}
#endif
