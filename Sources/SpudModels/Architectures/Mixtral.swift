/// Mixtral: Llama's attention, and experts in every layer.
///
///     h ← h + Attention(norm(h))       rotary positions
///     h ← h + Experts(norm(h))         softmax over all experts, the best k, always renormalized
///
/// Paper: Mixtral of Experts, arXiv 2401.04088. Reference: `modeling_mixtral.py` of huggingface/transformers 5.23.0.
enum Mixtral {
  static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
    try ModelConfiguration(common: reader, .mixtral, rotaryBase: 1e6, epsilon: 1e-5) { layerCount in
      let sparse = try ModelConfiguration.FeedForwardShape.sparse(
        expertCount: reader.int("num_local_experts", "num_experts", in: ModelConfiguration.Limits.experts),
        expertsPerToken: reader.int("num_experts_per_tok", in: ModelConfiguration.Limits.experts),
        expertWidth: reader.int("intermediate_size", in: ModelConfiguration.Limits.feedForwardWidth),
        normalized: true)
      return Array(repeating: sparse, count: layerCount)
    }
  }

  /// Published checkpoints say `block_sparse_moe` and w1 (gate), w3 (up), w2 (down); `transformers` 5 holds them fused
  /// under `mlp`.
  static let tensorNames: TensorNames = {
    var names = TensorNames()
    names.routers.append("model.layers.%.block_sparse_moe.gate.weight")
    let expert = "model.layers.%.block_sparse_moe.experts.@"
    names.experts += [
      .separate(gate: "\(expert).w1.weight", up: "\(expert).w3.weight", down: "\(expert).w2.weight"),
      .huggingFaceFused(prefix: "model.layers.%.block_sparse_moe.experts"),
    ]
    return names
  }()
}
