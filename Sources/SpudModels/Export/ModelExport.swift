internal import SpudErrors
package import SpudKernels
internal import SpudTensors

/// Writes a model as GGUF, laid out as llama.cpp's converter does, so that llama.cpp loads it.
///
/// Matrices take the format asked for; norms, biases and routers stay float32, since they are small and everything
/// depends on them. A matrix whose rows are no whole blocks of the format becomes F16.
///
/// Source: `convert_hf_to_gguf.py` of ggml-org/llama.cpp.
package enum ModelExport {
  /// - Parameters:
  ///   - directory: A Hugging Face directory.
  ///   - path: The file to write; it appears when it is complete.
  /// - Returns: The size of the file in bytes.
  /// - Throws: `SpudError`, as loading the model would, or `.io`.
  @discardableResult
  package static func writeGGUF(
    from directory: String, to path: String, format: WeightFormat, progress: ((Double) -> Void)? = nil
  ) throws -> Int {
    guard MappedFile.exists(directory) else { throw SpudError(.noInput, "\(directory): there is no such model") }
    guard MappedFile.isDirectory(directory) else {
      throw SpudError(.badData, "\(directory): is a file, but a model directory with safetensors was expected")
    }
    let configuration = try ModelConfiguration(huggingFace: directory)
    let source = try TensorSource(safetensorsIn: directory)
    var writer = GGUFWriter()
    describe(configuration, format, name: directory, in: &writer)
    try GGUFTokenizerExport.describe(directory, configuration, in: &writer)
    let plan = ExportPlan(configuration, source, format: format, progress: progress)
    try plan.addTensors(to: &writer)
    return try writer.write(to: path)
  }

  private static func describe(
    _ configuration: ModelConfiguration, _ format: WeightFormat, name directory: String, in writer: inout GGUFWriter
  ) {
    let arch = ModelConfiguration.ggufName(of: configuration.architecture)
    func set(_ key: String, _ value: Int) { writer.set("\(arch).\(key)", .uint32(UInt32(clamping: value))) }
    func set(_ key: String, _ value: Float) { writer.set("\(arch).\(key)", .float32(value)) }
    writer.set("general.architecture", .string(arch))
    writer.set("general.name", .string(directory.split(separator: "/").last.map(String.init) ?? arch))
    writer.set("general.quantization_version", .uint32(2))
    writer.set("general.file_type", .uint32(fileType(of: format)))
    set("block_count", configuration.layerCount)
    set("context_length", configuration.contextLength)
    set("embedding_length", configuration.modelWidth)
    set("vocab_size", configuration.vocabularyCount)
    set("attention.head_count", configuration.headCount)
    set("attention.head_count_kv", configuration.keyValueHeadCount)
    set("attention.key_length", configuration.headWidth)
    set("attention.value_length", configuration.headWidth)
    set("attention.layer_norm_rms_epsilon", configuration.normEpsilon)
    set("rope.dimension_count", configuration.headWidth)
    set("rope.freq_base", configuration.rotaryBase)
    if let clip = configuration.clip { set("attention.clamp_kqv", clip) }
    if case .linear(let factor) = configuration.rotaryScaling {
      writer.set("\(arch).rope.scaling.type", .string("linear"))
      set("rope.scaling.factor", factor)
    }
    for shape in configuration.feedForward {
      switch shape {
      case .dense(let width):
        set("feed_forward_length", width)
      case .sparse(let count, let perToken, let width, let isNormalized):
        set("expert_count", count)
        set("expert_used_count", perToken)
        writer.set("\(arch).expert_weights_norm", .bool(isNormalized))
        // Of the architectures that mix both kinds of layers, only Qwen3-MoE has a width for each.
        if configuration.architecture == .qwen3MoE {
          set("expert_feed_forward_length", width)
        } else {
          set("feed_forward_length", width)
        }
      }
    }
  }

  /// llama.cpp's number for a file that is mostly of one type.
  private static func fileType(of format: WeightFormat) -> UInt32 {
    switch format {
    case .f32: 0
    case .q4_0: 2
    case .q8_0: 7
    case .bf16: 32
    }
  }
}
