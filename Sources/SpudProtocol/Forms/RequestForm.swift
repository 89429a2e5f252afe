internal import SpudTensors

/// The fields of one kind of request: those that are honoured, those that are accepted without effect because clients
/// send them by habit, and those that are known and refused. Any other is refused by name.
package struct RequestForm: Sendable {
  package let path: String
  package let honoured: Set<String>
  package let accepted: Set<String>
  package let refused: Set<String>

  /// Every form that a request's body can have, in the order of the documentation.
  package static let all = [
    chatCompletions, responses, completions, messages, embeddings, images, speech, transcriptions, tokenize, detokenize,
  ]

  /// The fields of a request's body, all of them known.
  ///
  /// - Throws: `APIError`, naming the field.
  func reader(_ json: JSONValue) throws -> FieldReader {
    guard let object = json.object else { throw APIError(400, "the body is \(json.kind), but must be an object") }
    try check(object)
    return FieldReader(object: object)
  }

  private func check(_ object: JSONObject) throws {
    for member in object.members where !honoured.contains(member.key) && !accepted.contains(member.key) {
      // A field that is null says nothing.
      if refused.contains(member.key), member.value.isNull { continue }
      let what = refused.contains(member.key) ? "is not supported" : "is unknown"
      throw APIError(
        400, "the field '\(member.key.prefix(80))' \(what) by \(path)", parameter: String(member.key.prefix(80)),
        code: refused.contains(member.key) ? "unsupported_parameter" : "unknown_parameter")
    }
  }

  private static let habits: Set = [
    "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key",
  ]
  private static let sampling: Set = [
    "temperature", "top_p", "top_k", "min_p", "seed", "stop", "frequency_penalty", "presence_penalty",
    "repetition_penalty", "logit_bias", "ignore_eos",
  ]

  package static let chatCompletions = RequestForm(
    path: "/v1/chat/completions",
    honoured: sampling.union([
      "model", "messages", "max_tokens", "max_completion_tokens", "n", "stream", "stream_options", "logprobs",
      "top_logprobs", "response_format", "tools", "tool_choice", "parallel_tool_calls", "reasoning_effort",
      "chat_template_kwargs", "modalities", "audio", "return_tokens",
    ]),
    accepted: habits.union(["verbosity", "prompt_cache_retention"]),
    refused: ["functions", "function_call", "prediction", "web_search_options"])

  package static let completions = RequestForm(
    path: "/v1/completions",
    honoured: sampling.union(["model", "prompt", "max_tokens", "n", "stream", "stream_options", "logprobs", "echo"]),
    accepted: habits, refused: ["suffix", "best_of"])

  package static let messages = RequestForm(
    path: "/v1/messages",
    honoured: [
      "model", "messages", "max_tokens", "system", "temperature", "top_p", "top_k", "stop_sequences", "stream", "tools",
      "tool_choice", "thinking",
    ],
    accepted: habits.union(["cache_control", "inference_geo"]),
    refused: ["container", "context_management", "mcp_servers"])

  package static let embeddings = RequestForm(
    path: "/v1/embeddings", honoured: ["model", "input", "encoding_format"], accepted: habits, refused: ["dimensions"])

  package static let responses = RequestForm(
    path: "/v1/responses",
    honoured: [
      "model", "input", "instructions", "max_output_tokens", "temperature", "top_p", "stream", "tools", "tool_choice",
      "parallel_tool_calls", "text", "reasoning", "truncation", "background",
    ],
    accepted: habits.union([
      "include", "stream_options", "prompt_cache_retention", "verbosity", "max_tool_calls", "context_management",
    ]),
    refused: ["previous_response_id", "conversation", "prompt", "top_logprobs"])

  package static let images = RequestForm(
    path: "/v1/images/generations",
    honoured: [
      "model", "prompt", "n", "response_format", "output_format", "stream", "partial_images", "seed",
      "temperature",
    ],
    accepted: habits.union(["size", "quality", "style", "background", "moderation", "output_compression"]),
    refused: ["image", "mask"])

  package static let speech = RequestForm(
    path: "/v1/audio/speech",
    honoured: ["model", "input", "response_format", "stream_format", "speed", "seed", "temperature"],
    accepted: habits.union(["voice", "instructions"]), refused: [])

  package static let transcriptions = RequestForm(
    path: "/v1/audio/transcriptions",
    honoured: [
      "model", "file", "response_format", "stream", "temperature", "timestamp_granularities",
      "timestamp_granularities[]",
    ],
    accepted: habits.union(["language", "prompt", "chunking_strategy"]),
    refused: ["include", "include[]", "known_speaker_names", "known_speaker_references"])

  package static let tokenize = RequestForm(
    path: "/tokenize", honoured: ["model", "content", "add_special", "parse_special", "with_pieces"], accepted: [],
    refused: [])

  package static let detokenize = RequestForm(
    path: "/detokenize", honoured: ["model", "tokens"], accepted: [], refused: [])
}
