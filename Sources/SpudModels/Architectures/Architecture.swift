internal import SpudKernels

/// The architectures that this runtime knows, each described by a file of its own. Raw values are `model_type` in
/// config.json.
package enum Architecture: String, CaseIterable, Sendable {
  case qwen3MoE = "qwen3_moe"
  case olmoe
  case mixtral
  case qwen3
  case qwen2
  case llama

  var description: any ArchitectureDescription.Type {
    switch self {
    case .qwen3MoE: Qwen3MoE.self
    case .olmoe: OLMoE.self
    case .mixtral: Mixtral.self
    case .qwen3: Qwen3.self
    case .qwen2: Qwen2.self
    case .llama: Llama.self
    }
  }

  /// Which values of a head turn together in GGUF files of an architecture's name there.
  static func ggufPairing(of name: String) -> RotaryTable.Pairing {
    allCases.first { $0.description.ggufName == name }?.description.ggufPairing ?? .halves
  }
}
