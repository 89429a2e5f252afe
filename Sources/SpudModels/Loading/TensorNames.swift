/// What a checkpoint calls its tensors. `%` stands for the layer, `@` for the expert.
struct TensorNames: Sendable {
  var embedding = "model.embed_tokens.weight"
  var finalNorm = "model.norm.weight"
  var head = "lm_head.weight"

  var attentionNorm = "model.layers.%.input_layernorm.weight"
  var feedForwardNorm = "model.layers.%.post_attention_layernorm.weight"
  /// Each with `.weight`, and `.bias` where the architecture has one.
  var query = "model.layers.%.self_attn.q_proj"
  var key = "model.layers.%.self_attn.k_proj"
  var value = "model.layers.%.self_attn.v_proj"
  var output = "model.layers.%.self_attn.o_proj"
  var queryNorm = "model.layers.%.self_attn.q_norm.weight"
  var keyNorm = "model.layers.%.self_attn.k_norm.weight"

  var denseGate = "model.layers.%.mlp.gate_proj.weight"
  var denseUp = "model.layers.%.mlp.up_proj.weight"
  var denseDown = "model.layers.%.mlp.down_proj.weight"

  var routers = ["model.layers.%.mlp.gate.weight"]
  /// How experts may be stored; the first form whose tensors are there is the one.
  var experts: [ExpertNames] = [.huggingFaceFused(prefix: "model.layers.%.mlp.experts")]

  /// Tensors of these names, or that end so, carry nothing that is not computed anyway.
  var ignored = ["rotary_emb.inv_freq"]

  /// How a layer's experts lie in a checkpoint.
  enum ExpertNames: Sendable {
    /// Three matrices for each expert.
    case separate(gate: String, up: String, down: String)
    /// `[experts, 2 · expertWidth, modelWidth]`, each expert's gate above its up; and `[experts, modelWidth,
    /// expertWidth]`.
    case fused(gateUp: String, down: String)
    /// `[experts, expertWidth, modelWidth]` twice, and `[experts, modelWidth, expertWidth]`.
    case stacked(gate: String, up: String, down: String)

    static func huggingFaceFused(prefix: String) -> ExpertNames {
      .fused(gateUp: "\(prefix).gate_up_proj", down: "\(prefix).down_proj")
    }

    /// A tensor that this form has and the others lack.
    func isPresent(in layer: Int, _ isThere: (String) -> Bool) -> Bool {
      switch self {
      case .separate(let gate, _, _): isThere(TensorNames.fill(gate, layer: layer, expert: 0))
      case .fused(let gateUp, _): isThere(TensorNames.fill(gateUp, layer: layer))
      case .stacked(let gate, _, _): isThere(TensorNames.fill(gate, layer: layer))
      }
    }
  }

  static func fill(_ pattern: String, layer: Int, expert: Int? = nil) -> String {
    var result = ""
    for character in pattern {
      switch character {
      case "%": result += String(layer)
      case "@": result += expert.map(String.init) ?? "@"
      default: result.append(character)
      }
    }
    return result
  }
}
