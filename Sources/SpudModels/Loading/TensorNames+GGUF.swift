extension TensorNames {
  /// GGUF's names, the same for every architecture.
  ///
  /// Source: `gguf-py/gguf/tensor_mapping.py` of ggml-org/llama.cpp. The oldest Mixtral files hold each expert for
  /// itself.
  static let gguf: TensorNames = {
    var names = TensorNames()
    names.embedding = "token_embd.weight"
    names.finalNorm = "output_norm.weight"
    names.head = "output.weight"
    names.attentionNorm = "blk.%.attn_norm.weight"
    names.feedForwardNorm = "blk.%.ffn_norm.weight"
    names.query = "blk.%.attn_q"
    names.key = "blk.%.attn_k"
    names.value = "blk.%.attn_v"
    names.output = "blk.%.attn_output"
    names.queryNorm = "blk.%.attn_q_norm.weight"
    names.keyNorm = "blk.%.attn_k_norm.weight"
    names.denseGate = "blk.%.ffn_gate.weight"
    names.denseUp = "blk.%.ffn_up.weight"
    names.denseDown = "blk.%.ffn_down.weight"
    names.routers = ["blk.%.ffn_gate_inp.weight"]
    names.experts = [
      .separate(gate: "blk.%.ffn_gate.@.weight", up: "blk.%.ffn_up.@.weight", down: "blk.%.ffn_down.@.weight"),
      .stacked(gate: "blk.%.ffn_gate_exps.weight", up: "blk.%.ffn_up_exps.weight", down: "blk.%.ffn_down_exps.weight"),
    ]
    names.ignored = []
    return names
  }()

  /// What each rotary frequency is divided by, `[headWidth / 2]`: how GGUF says Llama 3's scaling.
  static let frequencyDivisors = "rope_freqs.weight"
}
