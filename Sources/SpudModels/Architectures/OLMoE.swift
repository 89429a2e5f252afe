/// OLMoE: experts in every layer, queries and keys normalized over their full width and then, in some checkpoints,
/// clipped.
///
///     h ← h + Attention(norm(h))       queries and keys: RMSNorm over all heads at once; clip to ± clip_qkv; rotary
///     h ← h + Experts(norm(h))         softmax over all experts, the best k, as they are unless `norm_topk_prob`
///
/// `intermediate_size` is the width of an expert.
///
/// Paper: OLMoE, arXiv 2409.02060. Reference: `modeling_olmoe.py` of huggingface/transformers 5.23.0.
enum OLMoE: ArchitectureDescription {
  static let ggufName = "olmoe"
  static let ggufExpertWidth = "feed_forward_length"
  static let hasExperts = true

  private typealias Limits = ModelConfiguration.Limits

  static func configuration(_ settings: Settings) throws -> ModelConfiguration {
    let decoder = try DecoderPlan(settings, epsilon: 1e-5)
    let biases = try settings.attentionBiases("attention_bias")
    var clip = try settings.optionalDouble("clip_qkv", gguf: "attention.clamp_kqv", in: 0...1e30).map { Float($0) }
    // In GGUF 0 stands for no limit.
    if settings.format == .gguf, clip == 0 { clip = nil }
    let expertCount = try settings.int("num_experts", "num_local_experts", gguf: "expert_count", in: Limits.experts)
    let expertsPerToken = try settings.int("num_experts_per_tok", gguf: "expert_used_count", in: Limits.experts)
    let width = try settings.expertWidth("intermediate_size")
    let isNormalized = try settings.optionalBool("norm_topk_prob", gguf: "expert_weights_norm") ?? false
    return ModelConfiguration(
      .olmoe, decoder,
      layers: decoder.layers { layer in
        let router = decoder.router(layer, ["mlp.gate.weight"], expertCount: expertCount)
        let experts = ExpertsPlan(
          router: .softmax(weight: router, isNormalized: isNormalized), expertCount: expertCount,
          expertsPerToken: expertsPerToken, width: width, forms: Qwen3MoE.forms(layer, decoder),
          ggufForms: decoder.ggufExperts(layer))
        return decoder.layer(
          layer, decoder.attention(layer, biases: biases, headNorm: .fullWidth, clip: clip), .experts(experts))
      })
  }
}
