internal import SpudErrors
internal import SpudKernels
internal import SpudTensors

/// config.json, in the spellings of `transformers` 4 and 5.
///
/// Source: `configuration_{qwen3_moe,olmoe,mixtral,qwen3,llama}.py` of huggingface/transformers 5.23.0 and 4.51.0.
extension ModelConfiguration {
  /// Reads `config.json` and, if it is there, `generation_config.json` of a model directory.
  ///
  /// - Throws: `SpudError.badData`, naming the key, its value and what may stand there.
  package init(huggingFace directory: String) throws {
    let path = directory + "/config.json"
    guard MappedFile.exists(path) else {
      throw SpudError(.noInput, "\(directory): has no config.json, so it is no model directory")
    }
    try self.init(ConfigurationReader(contentsOf: path))
    let generationPath = directory + "/generation_config.json"
    if MappedFile.exists(generationPath) {
      let reader = try ConfigurationReader(contentsOf: generationPath)
      generation = try GenerationConfiguration(reader, vocabularyCount: vocabularyCount).completed(by: generation)
    }
  }

  init(_ reader: ConfigurationReader) throws {
    let architecture: Architecture = try reader.choice("model_type", default: nil)
    switch architecture {
    case .qwen3MoE: self = try Qwen3MoE.configuration(reader)
    case .olmoe: self = try OLMoE.configuration(reader)
    case .mixtral: self = try Mixtral.configuration(reader)
    case .qwen3: self = try Qwen3.configuration(reader)
    case .llama: self = try Llama.configuration(reader)
    }
    generation = try GenerationConfiguration(reader, vocabularyCount: vocabularyCount)
    try check(file: reader.file)
  }

  /// Reads what the architectures have in common; the rest starts as a plain Llama.
  ///
  /// - Parameters:
  ///   - headWidth: The width of a head when config.json does not say; nil is modelWidth / headCount.
  ///   - rotaryBase: `rope_theta` when config.json does not say.
  ///   - makeFeedForward: Each layer's block, given the count of layers.
  init(
    common reader: ConfigurationReader, _ architecture: Architecture, headWidth: Int? = nil,
    rotaryBase: Double = 10_000,
    epsilon: Double = 1e-6, makeFeedForward: (Int) throws -> [FeedForwardShape]
  ) throws {
    let _: Activation = try reader.choice("hidden_act", default: .silu)
    self.architecture = architecture
    vocabularyCount = try reader.int("vocab_size", in: Limits.vocabulary)
    modelWidth = try reader.int("hidden_size", in: Limits.width)
    headCount = try reader.int("num_attention_heads", in: Limits.heads)
    keyValueHeadCount = try reader.optionalInt("num_key_value_heads", in: Limits.heads) ?? headCount
    if let width = try reader.optionalInt("head_dim", in: Limits.headWidth) ?? headWidth {
      self.headWidth = width
    } else {
      guard modelWidth % headCount == 0 else {
        throw SpudError(
          .badData,
          "\(reader.file): 'hidden_size' \(modelWidth) is not divisible by 'num_attention_heads' \(headCount), "
            + "and there is no 'head_dim'"
        )
      }
      self.headWidth = modelWidth / headCount
    }
    contextLength = try reader.optionalInt("max_position_embeddings", in: Limits.context) ?? 2048
    normEpsilon = Float(try reader.optionalDouble("rms_norm_eps", in: 0...1) ?? epsilon)
    (self.rotaryBase, rotaryScaling) = try Self.rotary(reader, base: rotaryBase)
    queryKeyNorm = .none
    hasAttentionBias = try reader.optionalBool("attention_bias") ?? false
    clip = nil
    isTied = try reader.optionalBool("tie_word_embeddings") ?? false
    feedForward = try makeFeedForward(try reader.int("num_hidden_layers", in: Limits.layers))
    generation = GenerationConfiguration()
    // Within a sliding window, attention to the window is attention to everything: shorter contexts are exact.
    if try reader.optionalBool("use_sliding_window") ?? (architecture == .mixtral),
      let window = try reader.optionalInt("sliding_window", in: Limits.context)
    {
      contextLength = min(contextLength, window)
    }
  }

  private enum RotaryKind: String, CaseIterable {
    case standard = "default"
    case linear
    case llama3
  }

  /// `rope_parameters` (v5), or `rope_theta` and `rope_scaling` (v4), whose kind is `rope_type` or, older still,
  /// `type`.
  private static func rotary(
    _ reader: ConfigurationReader, base: Double
  ) throws -> (base: Float, scaling: RotaryTable.Scaling) {
    let positive = Double.leastNormalMagnitude...1e30
    let parameters = try reader.optionalObject("rope_parameters")
    let base =
      try parameters?.optionalDouble("rope_theta", in: positive) ?? reader.optionalDouble("rope_theta", in: positive)
      ?? base
    if let fraction = try (parameters ?? reader).optionalDouble("partial_rotary_factor", in: 0...1), fraction != 1 {
      throw SpudError(.badData, "\(reader.file): 'partial_rotary_factor' is \(fraction), but only 1 is supported")
    }
    guard let scaling = try parameters ?? reader.optionalObject("rope_scaling") else { return (Float(base), .none) }
    let kind: RotaryKind = try scaling.choice("rope_type", "type", default: .standard)
    func number(_ key: String) throws -> Float {
      guard let value = try scaling.optionalDouble(key, in: positive) else {
        throw SpudError(.badData, "\(scaling.file): has no '\(key)', which '\(kind.rawValue)' needs")
      }
      return Float(value)
    }
    switch kind {
    case .standard: return (Float(base), .none)
    case .linear: return (Float(base), .linear(factor: try number("factor")))
    case .llama3:
      let low = try number("low_freq_factor")
      let high = try number("high_freq_factor")
      guard high > low else {
        throw SpudError(.badData, "\(scaling.file): 'high_freq_factor' \(high) must be above 'low_freq_factor' \(low)")
      }
      let scaling = RotaryTable.Scaling.llama3(
        factor: try number("factor"), lowFrequencyFactor: low, highFrequencyFactor: high,
        originalContext: try number("original_max_position_embeddings"))
      return (Float(base), scaling)
    }
  }

  /// What must hold between values that are each fine for themselves.
  func check(file: String) throws {
    guard headCount % keyValueHeadCount == 0 else {
      throw SpudError(
        .badData, "\(file): \(headCount) attention heads cannot share \(keyValueHeadCount) key-value heads evenly")
    }
    guard headWidth % 2 == 0, Limits.headWidth.contains(headWidth) else {
      throw SpudError(
        .badData, "\(file): heads are \(headWidth) wide, but rotary positions need an even width of 2 to 1024")
    }
    guard Limits.width.contains(queryWidth) else {
      throw SpudError(
        .badData, "\(file): \(headCount) heads of \(headWidth) are more than \(Limits.width.upperBound) wide together")
    }
    for shape in feedForward {
      if case .sparse(let count, let perToken, _, _) = shape, perToken > count {
        throw SpudError(.badData, "\(file): each token uses \(perToken) experts, but there are only \(count)")
      }
    }
  }
}
