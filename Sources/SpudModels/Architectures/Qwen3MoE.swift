/// Qwen3-MoE: grouped-query attention with normalized heads, and experts in all layers or some.
///
///     h ← h + Attention(norm(h))       queries and keys: RMSNorm per head, then rotary positions
///     h ← h + Experts(norm(h))         softmax over all experts, the best k, renormalized if `norm_topk_prob`
///
/// A layer is dense instead when `mlp_only_layers` names it, or its number (from 1) is no multiple of
/// `decoder_sparse_step`; in GGUF, when it has no router. llama.cpp renormalizes always.
///
/// Paper: Qwen3 Technical Report, arXiv 2505.09388. Reference: `modeling_qwen3_moe.py` of huggingface/transformers
/// 5.23.0.
enum Qwen3MoE: ArchitectureDescription {
  static let ggufName = "qwen3moe"
  static let hasExperts = true

  private typealias Limits = ModelConfiguration.Limits

  static func configuration(_ settings: Settings) throws -> ModelConfiguration {
    let decoder = try DecoderPlan(settings)
    let biases = try settings.attentionBiases("attention_bias")
    let isSparse = try sparsity(settings)
    let denseWidth =
      (0..<decoder.layerCount).allSatisfy(isSparse)
      ? 0 : try settings.int("intermediate_size", gguf: "feed_forward_length", in: Limits.feedForwardWidth)
    let expertCount = try settings.int("num_experts", "num_local_experts", gguf: "expert_count", in: Limits.experts)
    let expertsPerToken = try settings.int("num_experts_per_tok", gguf: "expert_used_count", in: Limits.experts)
    let width = try settings.expertWidth("moe_intermediate_size")
    let isNormalized =
      try settings.optionalBool("norm_topk_prob", gguf: "expert_weights_norm") ?? (settings.format == .gguf)
    return ModelConfiguration(
      .qwen3MoE, decoder,
      layers: decoder.layers { layer in
        let attention = decoder.attention(layer, biases: biases, headNorm: .perHead)
        guard isSparse(layer) else { return decoder.layer(layer, attention, decoder.dense(layer, width: denseWidth)) }
        let router = decoder.router(layer, ["mlp.gate.weight"], expertCount: expertCount)
        let experts = ExpertsPlan(
          router: .softmax(weight: router, isNormalized: isNormalized), expertCount: expertCount,
          expertsPerToken: expertsPerToken, width: width, forms: forms(layer, decoder),
          ggufForms: decoder.ggufExperts(layer))
        return decoder.layer(layer, attention, .experts(experts))
      })
  }

  /// Whether a layer has experts, by its number from 0.
  private static func sparsity(_ settings: Settings) throws -> (Int) -> Bool {
    guard settings.format == .huggingFace else {
      return { settings.hasTensor(gguf: "blk.\($0).ffn_gate_inp.weight") }
    }
    let dense = Set(try settings.optionalInts("mlp_only_layers", in: 0...Limits.layers.upperBound) ?? [])
    let step = try settings.optionalInt("decoder_sparse_step", gguf: nil, in: 1...Limits.layers.upperBound) ?? 1
    return { ($0 + 1) % step == 0 && !dense.contains($0) }
  }

  /// One by one, as published; or fused, as `transformers` 5 writes them.
  static func forms(_ layer: Int, _ decoder: DecoderPlan) -> [ExpertForm] {
    let expert = "model.layers.\(layer).mlp.experts.@"
    return [
      .separate(
        gate: "\(expert).gate_proj.weight", up: "\(expert).up_proj.weight", down: "\(expert).down_proj.weight"),
      decoder.fusedExperts(layer, under: "mlp.experts"),
    ]
  }
}
