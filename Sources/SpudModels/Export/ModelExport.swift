internal import SpudErrors
internal import SpudKernels
package import SpudTensors

/// Writes a model as GGUF, laid out as llama.cpp's converter does, so that llama.cpp loads it.
///
/// Matrices take the types of the mix asked for; norms, biases and routers stay float32, since they are small and
/// everything depends on them.
///
/// Source: `convert_hf_to_gguf.py` of ggml-org/llama.cpp.
package enum ModelExport {
  /// - Parameters:
  ///   - directory: A Hugging Face directory.
  ///   - path: The file to write; it appears when it is complete.
  ///   - mix: Which tensor gets which type.
  ///   - importance: How much the columns of matrices count; nil for all alike.
  ///   - progress: Told the fraction that is written, from 0 to 1.
  ///   - describeText: Adds what GGUF says about the model's text; without it, the file says that it has no vocabulary,
  ///     which llama.cpp accepts.
  /// - Returns: The size of the file in bytes.
  /// - Throws: `SpudError`, as loading the model would, or `.io`.
  @discardableResult
  package static func writeGGUF(
    from directory: String, to path: String, mix: QuantizationMix, importance: ImportanceMatrix? = nil,
    progress: ((Double) -> Void)? = nil,
    describeText: (ModelConfiguration, inout GGUFWriter) throws -> Void = { _, writer in
      writer.set("tokenizer.ggml.model", .string("no_vocab"))
    }
  ) throws -> Int {
    guard MappedFile.exists(directory) else { throw SpudError(.noInput, "\(directory): there is no such model") }
    guard MappedFile.isDirectory(directory) else {
      throw SpudError(.badData, "\(directory): is a file, but a model directory with safetensors was expected")
    }
    let checkpoint = try Checkpoint(.directory(directory))
    let description = checkpoint.configuration.architecture.description
    for (index, layer) in checkpoint.configuration.layers.enumerated() {
      let plan =
        switch layer.attention {
        case .grouped(let plan): plan
        }
      var missing: String?
      switch plan.rotary.scaling {
      case .none, .linear, .llama3, .dynamic: break
      case .longRoPE: missing = "LongRoPE's positions"
      case .yarn(let yarn):
        var usual = RotaryTable.YaRN(factor: yarn.factor, originalContext: yarn.originalContext)
        usual.truncates = description.ggufTruncatesYaRN
        if yarn != usual { missing = "YaRN's positions with settings of its own" }
      }
      if (plan.window != nil) != description.ggufHasWindow(index) { missing = "windows in layers of its own" }
      if case .experts(let plan) = layer.feedForward, plan.activation != description.ggufActivation {
        missing = "an activation with settings of its own"
      }
      if let missing {
        throw SpudError(
          .unavailable, "\(directory): has \(missing), for which GGUF files of this architecture have no place")
      }
    }
    var writer = GGUFWriter()
    describe(checkpoint.configuration, mix, name: directory, in: &writer)
    try describeText(checkpoint.configuration, &writer)
    let plan = ExportPlan(checkpoint, mix: mix, importance: importance, progress: progress)
    try plan.addTensors(to: &writer)
    return try writer.write(to: path)
  }

  private static func describe(
    _ configuration: ModelConfiguration, _ mix: QuantizationMix, name directory: String, in writer: inout GGUFWriter
  ) {
    let architecture = configuration.architecture.description
    let arch = architecture.ggufName
    func set(_ key: String, _ value: Int) { writer.set("\(arch).\(key)", .uint32(UInt32(clamping: value))) }
    func set(_ key: String, _ value: Float) { writer.set("\(arch).\(key)", .float32(value)) }
    writer.set("general.architecture", .string(arch))
    writer.set("general.name", .string(directory.split(separator: "/").last.map(String.init) ?? arch))
    writer.set("general.quantization_version", .uint32(2))
    writer.set("general.file_type", .uint32(mix.fileType))
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
    if let window = attention.window { set("attention.sliding_window", window) }
    if let clip = attention.clip { set("attention.clamp_kqv", clip) }
    switch attention.rotary.scaling {
    case .none, .llama3, .dynamic, .longRoPE: break
    case .linear(let factor):
      writer.set("\(arch).rope.scaling.type", .string("linear"))
      set("rope.scaling.factor", factor)
    case .yarn(let yarn):
      writer.set("\(arch).rope.scaling.type", .string("yarn"))
      set("rope.scaling.factor", Float(yarn.factor))
      set("rope.scaling.original_context_length", Int(yarn.originalContext))
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
        case .softmaxOfBest: break
        }
        set(architecture.ggufExpertWidth, plan.width)
      }
    }
  }
}
