internal import SpudKernels

/// Llama: grouped-query attention and a dense feed-forward block in every layer.
///
///     h ← h + Attention(norm(h))       rotary positions
///     h ← h + SwiGLU(norm(h))
///
/// `attention_bias` puts a bias on all four projections of attention, `mlp_bias` on all three of the other block.
///
/// Paper: The Llama 3 Herd of Models, arXiv 2407.21783. Reference: `modeling_llama.py` of huggingface/transformers
/// 5.23.0.
enum Llama: ArchitectureDescription {
  static let ggufName = "llama"
  static let ggufPairing = RotaryTable.Pairing.adjacent

  static func configuration(_ settings: Settings) throws -> ModelConfiguration {
    let decoder = try DecoderPlan(settings)
    let width = try settings.int(
      "intermediate_size", gguf: "feed_forward_length", in: ModelConfiguration.Limits.feedForwardWidth)
    let biases = try settings.attentionBiases("attention_bias")
    let isBiased =
      try settings.optionalBool("mlp_bias", gguf: nil) ?? settings.hasTensor(gguf: "blk.0.ffn_gate.bias")
    return ModelConfiguration(
      .llama, decoder,
      layers: decoder.layers { layer in
        decoder.layer(
          layer, decoder.attention(layer, biases: biases), decoder.dense(layer, width: width, isBiased: isBiased))
      })
  }
}
