/// Qwen3: Qwen3-MoE with a dense feed-forward block in every layer.
///
///     h ← h + Attention(norm(h))       queries and keys: RMSNorm per head, then rotary positions
///     h ← h + SwiGLU(norm(h))
///
/// Paper: Qwen3 Technical Report, arXiv 2505.09388. Reference: `modeling_qwen3.py` of huggingface/transformers 5.23.0.
enum Qwen3 {
  static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
    var result = try ModelConfiguration(common: reader, .qwen3, headWidth: 128) { layerCount in
      let width = try reader.int("intermediate_size", in: ModelConfiguration.Limits.feedForwardWidth)
      return Array(repeating: .dense(width: width), count: layerCount)
    }
    result.queryKeyNorm = .perHead
    return result
  }

  static let tensorNames = TensorNames()
}
