/// OLMoE: experts in every layer, queries and keys normalized over their full width and then, in some checkpoints,
/// clipped.
///
///     h ← h + Attention(norm(h))       queries and keys: RMSNorm over all heads at once; clip to ± clip_qkv; rotary
///     h ← h + Experts(norm(h))         softmax over all experts, the best k, as they are unless `norm_topk_prob`
///
/// `intermediate_size` is the width of an expert.
///
/// Paper: OLMoE, arXiv 2409.02060. Reference: `modeling_olmoe.py` of huggingface/transformers 5.23.0.
enum OLMoE {
  static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
    var result = try ModelConfiguration(common: reader, .olmoe, epsilon: 1e-5) { layerCount in
      let sparse = try ModelConfiguration.FeedForwardShape.sparse(
        expertCount: reader.int("num_experts", "num_local_experts", in: ModelConfiguration.Limits.experts),
        expertsPerToken: reader.int("num_experts_per_tok", in: ModelConfiguration.Limits.experts),
        expertWidth: reader.int("intermediate_size", in: ModelConfiguration.Limits.feedForwardWidth),
        normalized: reader.optionalBool("norm_topk_prob") ?? false)
      return Array(repeating: sparse, count: layerCount)
    }
    result.queryKeyNorm = .fullWidth
    result.clip = try reader.optionalDouble("clip_qkv", in: 0...1e30).map { Float($0) }
    return result
  }

  static let tensorNames = Qwen3MoE.tensorNames
}
