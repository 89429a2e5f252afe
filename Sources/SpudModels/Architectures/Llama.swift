internal import SpudErrors

/// Llama: grouped-query attention and a dense feed-forward block in every layer.
///
///     h ← h + Attention(norm(h))       rotary positions
///     h ← h + SwiGLU(norm(h))
///
/// Paper: The Llama 3 Herd of Models, arXiv 2407.21783. Reference: `modeling_llama.py` of huggingface/transformers
/// 5.23.0.
enum Llama {
  static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
    if try reader.optionalBool("mlp_bias") == true {
      throw SpudError(
        .badData, "\(reader.file): 'mlp_bias' is true, but only feed-forward blocks without bias are supported")
    }
    return try ModelConfiguration(common: reader, .llama) { layerCount in
      let width = try reader.int("intermediate_size", in: ModelConfiguration.Limits.feedForwardWidth)
      return Array(repeating: .dense(width: width), count: layerCount)
    }
  }

  static let tensorNames = TensorNames()
}
