internal import SpudErrors
internal import SpudKernels

extension DecoderPlan {
  private typealias Limits = ModelConfiguration.Limits
  static let positive = Double.leastNormalMagnitude...1e30

  /// Reads what the architectures have in common.
  ///
  /// Source: `configuration_{gpt_oss,qwen3_moe,olmoe,mixtral,qwen3,qwen2,llama}.py` of huggingface/transformers 5.23.0
  /// and 4.51.0; `gguf-py/gguf/constants.py` of ggml-org/llama.cpp.
  ///
  /// - Parameters:
  ///   - headWidth: The width of a head when config.json does not say; nil is modelWidth / headCount.
  ///   - rotaryBase: `rope_theta` when config.json does not say.
  ///   - scaling: What stretches rotary positions when config.json does not say.
  ///   - epsilon: `rms_norm_eps` when config.json does not say.
  ///   - window: Which layers have the sliding window that the settings name.
  init(
    _ settings: Settings, headWidth: Int? = nil, rotaryBase: Double = 10_000, scaling: RotaryTable.Scaling = .none,
    epsilon: Double = 1e-6, window: Windowed = .all(byDefault: false)
  ) throws {
    switch settings {
    case .huggingFace(let reader):
      try self.init(
        reader, headWidth: headWidth, rotaryBase: rotaryBase, scaling: scaling, epsilon: epsilon, window: window)
    case .gguf(let reader, let name): try self.init(reader, name, settings, window: window)
    }
  }

  private init(
    _ reader: ConfigurationReader, headWidth: Int?, rotaryBase: Double, scaling: RotaryTable.Scaling, epsilon: Double,
    window: Windowed
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
    let trained = try reader.optionalInt("max_position_embeddings", in: Limits.context) ?? 2048
    let (base, scaling) = try RotaryPlan.settings(
      reader, base: rotaryBase, scaling: scaling, width: self.headWidth, context: trained)
    let positions = min(scaling.reach(beyond: trained), Limits.context.upperBound)
    contextLength = positions
    self.epsilon = Float(try reader.optionalDouble("rms_norm_eps", in: 0...1) ?? epsilon)
    rotary = RotaryPlan(width: self.headWidth, base: base, scaling: scaling.frozen(for: positions), pairing: .halves)
    isTied = try reader.optionalBool("tie_word_embeddings") ?? false
    layerCount = try reader.int("num_hidden_layers", in: Limits.layers)
    windows = try Self.windows(reader, window, layerCount: layerCount)
  }

  /// Which layers have a window, where config.json names one.
  enum Windowed {
    /// All; with `byDefault` also where `use_sliding_window` says nothing.
    case all(byDefault: Bool)
    /// Where `use_sliding_window` is true, those that `layer_types` names, or else all from `max_window_layers` on.
    case later
    /// Those that `layer_types` names, or else every other one, the first among them; in GGUF these always. `byDefault`
    /// is the window's length where config.json names none.
    case everyOther(byDefault: Int)
  }

  private static func windows(_ reader: ConfigurationReader, _ windowed: Windowed, layerCount: Int) throws -> [Int?] {
    var usual: Int?
    let slides: Bool
    switch windowed {
    case .all(let byDefault): slides = try reader.optionalBool("use_sliding_window") ?? byDefault
    case .later: slides = try reader.optionalBool("use_sliding_window") ?? false
    case .everyOther(let byDefault): (slides, usual) = (true, byDefault)
    }
    guard slides, let window = try reader.optionalInt("sliding_window", in: Limits.context) ?? usual else { return [] }
    if case .all = windowed { return Array(repeating: window, count: layerCount) }
    if let kinds = try reader.optionalStrings("layer_types") {
      guard kinds.count == layerCount else {
        throw SpudError(.badData, "\(reader.file): 'layer_types' names \(kinds.count) layers, expected \(layerCount)")
      }
      return try kinds.map { kind in
        switch kind {
        case "full_attention": return nil
        case "sliding_attention": return window
        default:
          throw SpudError(
            .badData,
            "\(reader.file): 'layer_types' holds '\(kind)', but 'full_attention' or 'sliding_attention' was expected")
        }
      }
    }
    if case .everyOther = windowed { return everyOther(window, layerCount: layerCount) }
    let first = try reader.optionalInt("max_window_layers", in: 0...1_000_000) ?? 28
    return (0..<layerCount).map { $0 >= first ? window : nil }
  }

  private static func everyOther(_ window: Int, layerCount: Int) -> [Int?] {
    (0..<layerCount).map { $0 % 2 == 0 ? window : nil }
  }

  private init(_ reader: GGUFSettings, _ name: String, _ settings: Settings, window: Windowed) throws {
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
      width: width, base: Float(base), scaling: try RotaryPlan.scaling(reader, name),
      pairing: Architecture.gguf(name)?.ggufPairing ?? .halves,
      divisors: settings.hasTensor(gguf: divisors)
        ? TensorPlan(gguf: divisors, shape: [width / 2]) : nil)
    isTied = !settings.hasTensor(gguf: "output.weight")
    guard let rows = reader.shape(of: "token_embd.weight")?.first, Limits.vocabulary.contains(rows) else {
      throw SpudError(.badData, "\(reader.file): has no tensor 'token_embd.weight' with a row for each token")
    }
    vocabularyCount = rows
    layerCount = try reader.int("\(name).block_count", in: Limits.layers)
    if case .everyOther = window,
      let window = try reader.optionalInt("\(name).attention.sliding_window", in: Limits.context)
    {
      windows = Self.everyOther(window, layerCount: layerCount)
    } else {
      windows = []
    }
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
}
