internal import SpudErrors
internal import SpudKernels

extension DecoderPlan {
  private typealias Limits = ModelConfiguration.Limits
  private static let positive = Double.leastNormalMagnitude...1e30

  /// Reads what the architectures have in common.
  ///
  /// Source: `configuration_{qwen3_moe,olmoe,mixtral,qwen3,qwen2,llama}.py` of huggingface/transformers 5.23.0 and
  /// 4.51.0; `gguf-py/gguf/constants.py` of ggml-org/llama.cpp.
  ///
  /// - Parameters:
  ///   - headWidth: The width of a head when config.json does not say; nil is modelWidth / headCount.
  ///   - rotaryBase: `rope_theta` when config.json does not say.
  ///   - epsilon: `rms_norm_eps` when config.json does not say.
  ///   - slides: Whether a sliding window counts when config.json does not say.
  init(
    _ settings: Settings, headWidth: Int? = nil, rotaryBase: Double = 10_000, epsilon: Double = 1e-6,
    slides: Bool = false
  ) throws {
    switch settings {
    case .huggingFace(let reader):
      try self.init(
        reader, settings, headWidth: headWidth, rotaryBase: rotaryBase, epsilon: epsilon, slides: slides)
    case .gguf(let reader, let name): try self.init(reader, name, settings)
    }
  }

  private init(
    _ reader: ConfigurationReader, _ settings: Settings, headWidth: Int?, rotaryBase: Double, epsilon: Double,
    slides: Bool
  ) throws {
    let _: Activation = try reader.choice("hidden_act", default: .silu)
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
    let positions = try reader.optionalInt("max_position_embeddings", in: Limits.context) ?? 2048
    // Within a sliding window, attention to the window is attention to everything: shorter contexts are exact.
    if try reader.optionalBool("use_sliding_window") ?? slides,
      let window = try reader.optionalInt("sliding_window", in: Limits.context)
    {
      contextLength = min(positions, window)
    } else {
      contextLength = positions
    }
    self.epsilon = Float(try reader.optionalDouble("rms_norm_eps", in: 0...1) ?? epsilon)
    let (base, scaling) = try Self.rotary(reader, base: rotaryBase)
    rotary = RotaryPlan(width: self.headWidth, base: base, scaling: scaling, pairing: .halves)
    isTied = try reader.optionalBool("tie_word_embeddings") ?? false
    layerCount = try reader.int("num_hidden_layers", in: Limits.layers)
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

  private init(_ reader: GGUFSettings, _ name: String, _ settings: Settings) throws {
    modelWidth = try reader.int("\(name).embedding_length", in: Limits.width)
    headCount = try reader.int("\(name).attention.head_count", in: Limits.heads)
    keyValueHeadCount = try reader.optionalInt("\(name).attention.head_count_kv", in: Limits.heads) ?? headCount
    let width =
      try reader.optionalInt("\(name).attention.key_length", in: Limits.headWidth) ?? modelWidth / headCount
    headWidth = width
    contextLength = try reader.optionalInt("\(name).context_length", in: Limits.context) ?? 2048
    epsilon = Float(try reader.optionalDouble("\(name).attention.layer_norm_rms_epsilon", in: 0...1) ?? 1e-6)
    let base = try reader.optionalDouble("\(name).rope.freq_base", in: Self.positive) ?? 10_000
    let divisors = "rope_freqs.weight"
    rotary = RotaryPlan(
      width: width, base: Float(base), scaling: try Self.scaling(reader, name),
      pairing: Architecture.ggufPairing(of: name),
      divisors: settings.hasTensor(gguf: divisors)
        ? TensorPlan(gguf: divisors, shape: [width / 2]) : nil)
    isTied = !settings.hasTensor(gguf: "output.weight")
    guard let rows = reader.shape(of: "token_embd.weight")?.first, Limits.vocabulary.contains(rows) else {
      throw SpudError(.badData, "\(reader.file): has no tensor 'token_embd.weight' with a row for each token")
    }
    vocabularyCount = rows
    layerCount = try reader.int("\(name).block_count", in: Limits.layers)
    let rotaryWidth = try reader.optionalInt("\(name).rope.dimension_count", in: Limits.headWidth) ?? width
    let valueWidth = try reader.optionalInt("\(name).attention.value_length", in: Limits.headWidth) ?? width
    guard rotaryWidth == width, valueWidth == width else {
      throw SpudError(
        .badData,
        "\(reader.file): heads are \(width) wide, their values \(valueWidth), "
          + "and \(rotaryWidth) of that rotates, but only equal widths are supported"
      )
    }
  }

  private static func scaling(_ reader: GGUFSettings, _ name: String) throws -> RotaryTable.Scaling {
    let kind = try reader.optionalString("\(name).rope.scaling.type") ?? "none"
    switch kind {
    case "none": return .none
    case "linear":
      return .linear(factor: Float(try reader.optionalDouble("\(name).rope.scaling.factor", in: positive) ?? 1))
    default:
      throw SpudError(
        .badData, "\(reader.file): '\(name).rope.scaling.type' is '\(kind)', but one of 'none', 'linear' was expected")
    }
  }
}
