internal import SpudErrors
package import SpudKernels
package import SpudTensors

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
  ///   - describeText: Adds what GGUF says about the model's text; without it, the file says that it has no vocabulary,
  ///     which llama.cpp accepts.
  /// - Returns: The size of the file in bytes.
  /// - Throws: `SpudError`, as loading the model would, or `.io`.
  @discardableResult
  package static func writeGGUF(
    from directory: String, to path: String, format: WeightFormat, progress: ((Double) -> Void)? = nil,
    describeText: (ModelConfiguration, inout GGUFWriter) throws -> Void = { _, writer in
      writer.set("tokenizer.ggml.model", .string("no_vocab"))
    }
  ) throws -> Int {
    guard MappedFile.exists(directory) else { throw SpudError(.noInput, "\(directory): there is no such model") }
    guard MappedFile.isDirectory(directory) else {
      throw SpudError(.badData, "\(directory): is a file, but a model directory with safetensors was expected")
    }
    let checkpoint = try Checkpoint(.directory(directory))
    var writer = GGUFWriter()
    describe(checkpoint.configuration, format, name: directory, in: &writer)
    try describeText(checkpoint.configuration, &writer)
    let plan = ExportPlan(checkpoint, format: format, progress: progress)
    try plan.addTensors(to: &writer)
    return try writer.write(to: path)
  }

  private static func describe(
    _ configuration: ModelConfiguration, _ format: WeightFormat, name directory: String, in writer: inout GGUFWriter
  ) {
    let architecture = configuration.architecture.description
    let arch = architecture.ggufName
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
    let attention =
      switch configuration.layers[0].attention {
      case .grouped(let plan): plan
      }
    set("attention.head_count", attention.headCount)
    set("attention.head_count_kv", attention.keyValueHeadCount)
    set("attention.key_length", attention.headWidth)
    set("attention.value_length", attention.headWidth)
    switch configuration.finalNorm {
    case .rootMeanSquare(_, let epsilon): set("attention.layer_norm_rms_epsilon", epsilon)
    }
    set("rope.dimension_count", attention.rotary.width)
    set("rope.freq_base", attention.rotary.base)
    if let clip = attention.clip { set("attention.clamp_kqv", clip) }
    if case .linear(let factor) = attention.rotary.scaling {
      writer.set("\(arch).rope.scaling.type", .string("linear"))
      set("rope.scaling.factor", factor)
    }
    for layer in configuration.layers {
      switch layer.feedForward {
      case .dense(let plan):
        set("feed_forward_length", plan.width)
      case .experts(let plan):
        set("expert_count", plan.expertCount)
        set("expert_used_count", plan.expertsPerToken)
        switch plan.router {
        case .softmax(_, let isNormalized): writer.set("\(arch).expert_weights_norm", .bool(isNormalized))
        }
        set(architecture.ggufExpertWidth, plan.width)
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
    default: preconditionFailure("files are not written in \(format.rawValue)")
    }
  }
}
