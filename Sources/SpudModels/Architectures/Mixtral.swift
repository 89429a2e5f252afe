internal import SpudKernels

/// Mixtral: Llama's attention, and experts in every layer.
///
///     h ← h + Attention(norm(h))       rotary positions
///     h ← h + Experts(norm(h))         softmax over all experts, the best k, always renormalized
///
/// A `sliding_window` counts unless it is null. GGUF calls it a `llama` with experts.
///
/// Paper: Mixtral of Experts, arXiv 2401.04088. Reference: `modeling_mixtral.py` of huggingface/transformers 5.23.0.
enum Mixtral: ArchitectureDescription {
  static let ggufName = Llama.ggufName
  static let ggufExpertWidth = "feed_forward_length"
  static let ggufPairing = Llama.ggufPairing
  static let hasExperts = true

  private typealias Limits = ModelConfiguration.Limits

  static func configuration(_ settings: Settings) throws -> ModelConfiguration {
    let decoder = try DecoderPlan(settings, rotaryBase: 1e6, epsilon: 1e-5, window: .all(byDefault: true))
    let biases = try settings.attentionBiases("attention_bias")
    let expertCount = try settings.int("num_local_experts", "num_experts", gguf: "expert_count", in: Limits.experts)
    let expertsPerToken = try settings.int("num_experts_per_tok", gguf: "expert_used_count", in: Limits.experts)
    let width = try settings.expertWidth("intermediate_size")
    return ModelConfiguration(
      .mixtral, decoder,
      layers: decoder.layers { layer in
        let router = decoder.router(
          layer, ["mlp.gate.weight", "block_sparse_moe.gate.weight"], expertCount: expertCount)
        let experts = ExpertsPlan(
          router: .softmax(weight: router, isNormalized: true), expertCount: expertCount,
          expertsPerToken: expertsPerToken, width: width, forms: forms(layer, decoder),
          ggufForms: decoder.ggufExperts(layer))
        return decoder.layer(layer, decoder.attention(layer, biases: biases), .experts(experts))
      })
  }

  /// Published checkpoints say `block_sparse_moe` and w1 (gate), w3 (up), w2 (down); `transformers` 5 holds them fused
  /// under `mlp`.
  private static func forms(_ layer: Int, _ decoder: DecoderPlan) -> [ExpertForm] {
    let expert = "model.layers.\(layer).block_sparse_moe.experts.@"
    return [
      .separate(gate: "\(expert).w1.weight", up: "\(expert).w3.weight", down: "\(expert).w2.weight"),
      decoder.fusedExperts(layer, under: "mlp.experts"),
      decoder.fusedExperts(layer, under: "block_sparse_moe.experts"),
    ]
  }
}
