/// The architectures that this runtime knows, each described by a file of its own. Raw values are `model_type` in
/// config.json.
package enum Architecture: String, CaseIterable, Sendable {
  case gptOSS = "gpt_oss"
  case qwen3MoE = "qwen3_moe"
  case olmoe
  case mixtral
  case qwen3
  case qwen2
  case llama

  var description: any ArchitectureDescription.Type {
    switch self {
    case .gptOSS: GptOSS.self
    case .qwen3MoE: Qwen3MoE.self
    case .olmoe: OLMoE.self
    case .mixtral: Mixtral.self
    case .qwen3: Qwen3.self
    case .qwen2: Qwen2.self
    case .llama: Llama.self
    }
  }

  /// The first that has a name in GGUF. Those that share one are alike in what the name alone decides.
  static func gguf(_ name: String) -> (any ArchitectureDescription.Type)? {
    allCases.first { $0.description.ggufName == name }?.description
  }
}
