/// Qwen2 and Qwen2.5: Llama, with biases on queries, keys and values, and none on attention's output.
///
///     h ← h + Attention(norm(h))       biased queries, keys and values; rotary positions
///     h ← h + SwiGLU(norm(h))
///
/// With `use_sliding_window` the layers from `max_window_layers` on see a window only.
///
/// Paper: Qwen2 Technical Report, arXiv 2407.10671. Reference: `modeling_qwen2.py` of huggingface/transformers 5.23.0.
enum Qwen2: ArchitectureDescription {
  static let ggufName = "qwen2"

  static func configuration(_ settings: Settings) throws -> ModelConfiguration {
    let decoder = try DecoderPlan(settings, window: .later)
    let width = try settings.int(
      "intermediate_size", gguf: "feed_forward_length", in: ModelConfiguration.Limits.feedForwardWidth)
    return ModelConfiguration(
      .qwen2, decoder,
      layers: decoder.layers { layer in
        decoder.layer(layer, decoder.attention(layer, biases: .queryKeyValue), decoder.dense(layer, width: width))
      })
  }
}
