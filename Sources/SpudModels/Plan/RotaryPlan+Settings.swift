internal import Foundation
internal import SpudErrors
internal import SpudKernels

extension RotaryPlan {
  private static let positive = DecoderPlan.positive

  private enum Kind: String, CaseIterable {
    case standard = "default"
    case linear
    case llama3
    case yarn
    case longrope
    /// What LongRoPE was called at first.
    case su
    case dynamic
  }

  /// `rope_parameters` (v5), or `rope_theta` and `rope_scaling` (v4), whose kind is `rope_type` or, older still,
  /// `type`.
  ///
  /// - Parameters:
  ///   - base: `rope_theta` when config.json does not say.
  ///   - scaling: What there is when config.json says nothing of it.
  ///   - width: How many values of a head rotate.
  ///   - context: `max_position_embeddings`.
  static func settings(
    _ reader: ConfigurationReader, base: Double, scaling usual: RotaryTable.Scaling, width: Int, context: Int
  ) throws -> (base: Float, scaling: RotaryTable.Scaling) {
    let parameters = try reader.optionalObject("rope_parameters")
    let base =
      try parameters?.optionalDouble("rope_theta", in: positive) ?? reader.optionalDouble("rope_theta", in: positive)
      ?? base
    if let fraction = try (parameters ?? reader).optionalDouble("partial_rotary_factor", in: 0...1), fraction != 1 {
      throw SpudError(.badData, "\(reader.file): 'partial_rotary_factor' is \(fraction), but only 1 is supported")
    }
    guard let scaling = try parameters ?? reader.optionalObject("rope_scaling") else { return (Float(base), usual) }
    let kind: Kind = try scaling.choice("rope_type", "type", default: .standard)
    func number(_ key: String) throws -> Double {
      guard let value = try scaling.optionalDouble(key, in: positive) else {
        throw SpudError(.badData, "\(scaling.file): has no '\(key)', which '\(kind.rawValue)' needs")
      }
      return value
    }
    switch kind {
    case .standard: return (Float(base), .none)
    case .linear: return (Float(base), .linear(factor: Float(try number("factor"))))
    case .llama3:
      let (low, high) = (try number("low_freq_factor"), try number("high_freq_factor"))
      guard high > low else {
        throw SpudError(.badData, "\(scaling.file): 'high_freq_factor' \(high) must be above 'low_freq_factor' \(low)")
      }
      let scaling = RotaryTable.Scaling.llama3(
        factor: Float(try number("factor")), lowFrequencyFactor: Float(low), highFrequencyFactor: Float(high),
        originalContext: Float(try number("original_max_position_embeddings")))
      return (Float(base), scaling)
    case .yarn: return (Float(base), .yarn(try yarn(reader, scaling, context: context)))
    case .longrope, .su: return (Float(base), .longRoPE(try longRoPE(reader, scaling, width: width, context: context)))
    case .dynamic:
      guard width > 2 else {
        throw SpudError(.badData, "\(scaling.file): 'dynamic' positions need more than 2 values that rotate")
      }
      let factor = try number("factor")
      let reach = RotaryTable.Dynamic(factor: factor, originalContext: context, context: context)
      return (Float(base), .dynamic(reach))
    }
  }

  /// Where the original context is given: in the scaling, beside it (Phi-3), or nowhere.
  private static func originalContext(
    _ reader: ConfigurationReader, _ scaling: ConfigurationReader, else context: Int
  ) throws -> Int {
    let range = ModelConfiguration.Limits.context
    return try reader.optionalInt("original_max_position_embeddings", in: range)
      ?? scaling.optionalInt("original_max_position_embeddings", in: range) ?? context
  }

  private static func yarn(
    _ reader: ConfigurationReader, _ scaling: ConfigurationReader, context: Int
  ) throws -> RotaryTable.YaRN {
    let original = try originalContext(reader, scaling, else: context)
    let factor = try scaling.optionalDouble("factor", in: positive) ?? Double(context) / Double(original)
    var yarn = RotaryTable.YaRN(factor: factor, originalContext: Double(original))
    yarn.fast = try scaling.optionalDouble("beta_fast", in: positive) ?? 32
    yarn.slow = try scaling.optionalDouble("beta_slow", in: positive) ?? 1
    yarn.truncates = try scaling.optionalBool("truncate") ?? true
    yarn.attentionFactor = try scaling.optionalDouble("attention_factor", in: positive)
    if yarn.attentionFactor == nil, let scale = try scaling.optionalDouble("mscale", in: 0...1e6), scale > 0,
      let all = try scaling.optionalDouble("mscale_all_dim", in: 0...1e6), all > 0
    {
      func magnitude(_ scale: Double) -> Double { factor <= 1 ? 1 : 0.1 * scale * log(factor) + 1 }
      yarn.attentionFactor = magnitude(scale) / magnitude(all)
    }
    return yarn
  }

  private static func longRoPE(
    _ reader: ConfigurationReader, _ scaling: ConfigurationReader, width: Int, context: Int
  ) throws -> RotaryTable.LongRoPE {
    func factors(_ key: String) throws -> [Float] {
      guard let list = try scaling.optionalDoubles(key, in: positive), list.count == width / 2 else {
        throw SpudError(.badData, "\(scaling.file): '\(key)' must hold \(width / 2) numbers, one a pair")
      }
      return list.map { Float($0) }
    }
    let original = try originalContext(reader, scaling, else: context)
    let factor = try scaling.optionalDouble("factor", in: positive) ?? Double(context) / Double(original)
    let attention =
      try scaling.optionalDouble("attention_factor", in: positive)
      ?? (factor <= 1 || original < 2 ? 1 : (1 + log(factor) / log(Double(original))).squareRoot())
    return RotaryTable.LongRoPE(
      short: try factors("short_factor"), long: try factors("long_factor"), attentionFactor: attention,
      originalContext: original, context: context)
  }

  /// GGUF's. Its converter writes LongRoPE's divisors as tensors, which are not read.
  static func scaling(_ reader: GGUFSettings, _ name: String) throws -> RotaryTable.Scaling {
    let kind = try reader.optionalString("\(name).rope.scaling.type") ?? "none"
    let factor = try reader.optionalDouble("\(name).rope.scaling.factor", in: positive) ?? 1
    switch kind {
    case "none": return .none
    case "linear": return .linear(factor: Float(factor))
    case "yarn":
      let range = ModelConfiguration.Limits.context
      let context = try reader.optionalInt("\(name).context_length", in: range) ?? 2048
      let original = try reader.optionalInt("\(name).rope.scaling.original_context_length", in: range) ?? context
      var yarn = RotaryTable.YaRN(factor: factor, originalContext: Double(original))
      yarn.truncates = Architecture.gguf(name)?.ggufTruncatesYaRN ?? true
      if let attention = try reader.optionalDouble("\(name).rope.scaling.attn_factor", in: positive) {
        yarn.attentionFactor = attention * (factor <= 1 ? 1 : 0.1 * log(factor) + 1)
      }
      return .yarn(yarn)
    default:
      throw SpudError(
        .badData,
        "\(reader.file): '\(name).rope.scaling.type' is '\(kind)', but one of 'none', 'linear', 'yarn' was expected")
    }
  }
}

extension RotaryTable.Scaling {
  /// How many positions a model can be given that was trained on `context`, or says so.
  func reach(beyond context: Int) -> Int {
    switch self {
    case .none, .linear, .llama3, .longRoPE: context
    case .yarn(let yarn): max(context, Int(min(yarn.factor * yarn.originalContext, 1e12)))
    case .dynamic(let dynamic): max(context, Int(min(dynamic.factor * Double(context), 1e12)))
    }
  }
}
