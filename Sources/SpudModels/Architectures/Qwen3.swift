/// Qwen3: Qwen3-MoE with a dense feed-forward block in every layer.
///
///     h ← h + Attention(norm(h))       queries and keys: RMSNorm per head, then rotary positions
///     h ← h + SwiGLU(norm(h))
///
/// Paper: Qwen3 Technical Report, arXiv 2505.09388. Reference: `modeling_qwen3.py` of huggingface/transformers 5.23.0.
enum Qwen3: ArchitectureDescription {
  static let ggufName = "qwen3"

  static func configuration(_ settings: Settings) throws -> ModelConfiguration {
    let decoder = try DecoderPlan(settings, headWidth: 128, window: .later)
    let width = try settings.int(
      "intermediate_size", gguf: "feed_forward_length", in: ModelConfiguration.Limits.feedForwardWidth)
    let biases = try settings.attentionBiases("attention_bias")
    return ModelConfiguration(
      .qwen3, decoder,
      layers: decoder.layers { layer in
        decoder.layer(
          layer, decoder.attention(layer, biases: biases, headNorm: .perHead), decoder.dense(layer, width: width))
      })
  }
}
