/// Qwen3-MoE: grouped-query attention with normalized heads, and experts in all layers or some.
///
///     h ← h + Attention(norm(h))       queries and keys: RMSNorm per head, then rotary positions
///     h ← h + Experts(norm(h))         softmax over all experts, the best k, renormalized if `norm_topk_prob`
///
/// A layer is dense instead when `mlp_only_layers` names it, or its number (from 1) is no multiple of
/// `decoder_sparse_step`.
///
/// Paper: Qwen3 Technical Report, arXiv 2505.09388. Reference: `modeling_qwen3_moe.py` of huggingface/transformers
/// 5.23.0.
enum Qwen3MoE {
  static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
    var result = try ModelConfiguration(common: reader, .qwen3MoE) { layerCount in
      let denseLayers =
        try reader.optionalInts("mlp_only_layers", in: 0...ModelConfiguration.Limits.layers.upperBound) ?? []
      let step = try reader.optionalInt("decoder_sparse_step", in: 1...ModelConfiguration.Limits.layers.upperBound) ?? 1
      let isAnyDense = !denseLayers.isEmpty || step > 1
      let denseWidth =
        isAnyDense ? try reader.int("intermediate_size", in: ModelConfiguration.Limits.feedForwardWidth) : 0
      let sparse = try ModelConfiguration.FeedForwardShape.sparse(
        expertCount: reader.int("num_experts", "num_local_experts", in: ModelConfiguration.Limits.experts),
        expertsPerToken: reader.int("num_experts_per_tok", in: ModelConfiguration.Limits.experts),
        expertWidth: reader.int("moe_intermediate_size", in: ModelConfiguration.Limits.feedForwardWidth),
        normalized: reader.optionalBool("norm_topk_prob") ?? false)
      return (0..<layerCount).map { layer in
        (layer + 1) % step == 0 && !denseLayers.contains(layer) ? sparse : .dense(width: denseWidth)
      }
    }
    result.queryKeyNorm = .perHead
    return result
  }

  static let tensorNames: TensorNames = {
    var names = TensorNames()
    let expert = "model.layers.%.mlp.experts.@"
    names.experts.append(
      .separate(gate: "\(expert).gate_proj.weight", up: "\(expert).up_proj.weight", down: "\(expert).down_proj.weight"))
    return names
  }()
}
