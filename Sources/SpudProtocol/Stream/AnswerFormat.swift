/// How a family of models writes thoughts and calls.
package enum AnswerFormat: Sendable, Equatable {
  /// No calls.
  case plain
  /// `<tool_call>{"name": …, "arguments": …}</tool_call>`: Hermes, Qwen, Granite.
  case hermes
  /// `<tool_call><function=…><parameter=…>`: Qwen3-Coder.
  case qwenCoder
  /// The answer is an object with `name` and `parameters`, perhaps behind `<|python_tag|>`.
  case llama
  /// `[TOOL_CALLS]`.
  case mistral
  /// Channels: gpt-oss.
  case harmony
  case deepSeek
  /// `<tool_call>name<arg_key>…`: GLM.
  case glm

  /// What begins a block of calls.
  var callMarkers: [String] {
    switch self {
    case .plain, .harmony: []
    case .hermes, .qwenCoder, .glm: ["<tool_call>"]
    case .llama: ["<|python_tag|>"]
    case .mistral: ["[TOOL_CALLS]"]
    case .deepSeek: [DeepSeekBlock.opening]
    }
  }

  /// Whether control tokens are marks of the format, whose spelling the parser needs.
  package var readsSpecialTokens: Bool { self != .plain }

  /// Whether arguments are tags, not JSON.
  package var hasTaggedArguments: Bool { self == .qwenCoder || self == .glm }

  func makeBlock(strings: [String: Set<String>]) -> CallBlock? {
    switch self {
    case .plain, .harmony: nil
    case .hermes: .hermes(HermesBlock())
    case .qwenCoder: .tagged(TaggedBlock(.parameters, strings: strings))
    case .glm: .tagged(TaggedBlock(.keysAndValues, strings: strings))
    case .llama: .llama(LlamaBlock())
    case .mistral: .mistral(MistralBlock())
    case .deepSeek: .deepSeek(DeepSeekBlock())
    }
  }
}
