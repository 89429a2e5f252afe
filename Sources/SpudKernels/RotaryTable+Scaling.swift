#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

extension RotaryTable {
  /// How frequencies are stretched for contexts longer than the model was first trained on.
  ///
  /// Source: `modeling_rope_utils.py` of huggingface/transformers 5.23.0.
  package enum Scaling: Sendable, Equatable {
    case none
    /// Every frequency divided by `factor`.
    case linear(factor: Float)
    /// Llama 3.1: long wavelengths divided by `factor`, short ones kept, a smooth passage between.
    case llama3(factor: Float, lowFrequencyFactor: Float, highFrequencyFactor: Float, originalContext: Float)
    /// Peng et al., arXiv 2309.00071.
    case yarn(YaRN)
    /// Ding et al., arXiv 2402.13753: each frequency divided by a number of its own.
    case longRoPE(LongRoPE)
    /// A base that grows with the context.
    case dynamic(Dynamic)
  }

  /// Pairs that turn often within the original context keep their frequency, those that turn seldom have it divided, in
  /// between a passage, by the number of the pair.
  package struct YaRN: Sendable, Equatable {
    package var factor: Double
    package var originalContext: Double
    /// What cosines and sines are multiplied by; nil is 0.1 · ln(factor) + 1.
    package var attentionFactor: Double?
    /// Turns within the original context above which a frequency stays, and below which it is divided.
    package var fast: Double = 32
    package var slow: Double = 1
    /// Whether the passage begins and ends at whole pairs.
    package var truncates = true

    package init(factor: Double, originalContext: Double) {
      self.factor = factor
      self.originalContext = originalContext
    }
  }

  package struct LongRoPE: Sendable, Equatable {
    /// `[width / 2]`, for contexts up to the original one, and for longer ones.
    package var short: [Float]
    package var long: [Float]
    package var attentionFactor: Double
    package var originalContext: Int
    /// The context that the model is loaded for: it decides which of them counts, from the first position on.
    package var context: Int

    package init(short: [Float], long: [Float], attentionFactor: Double, originalContext: Int, context: Int) {
      self.short = short
      self.long = long
      self.attentionFactor = attentionFactor
      self.originalContext = originalContext
      self.context = context
    }
  }

  package struct Dynamic: Sendable, Equatable {
    package var factor: Double
    package var originalContext: Int
    /// The context that the model is loaded for: the base is as of its end, from the first position on.
    package var context: Int

    package init(factor: Double, originalContext: Int, context: Int) {
      self.factor = factor
      self.originalContext = originalContext
      self.context = context
    }
  }

  /// The frequencies of a head's pairs, unstretched, `[width / 2]`.
  package static func frequencies(width: Int, base: Float) -> [Float] {
    frequencies(width: width, base: Double(base))
  }

  private static func frequencies(width: Int, base: Double) -> [Float] {
    (0..<width / 2).map { pair in Float(1 / pow(base, Double(2 * pair) / Double(width))) }
  }

  /// The frequencies of a head's pairs, stretched, `[width / 2]`.
  package static func frequencies(width: Int, base: Float, scaling: Scaling) -> [Float] {
    let plain = frequencies(width: width, base: base)
    switch scaling {
    case .none, .linear, .llama3: return plain.map { scaled($0, by: scaling) }
    case .yarn(let yarn):
      let kept = yarn.kept(width: width, base: Double(base))
      return zip(plain, kept).map { frequency, share in
        frequency / Float(yarn.factor) * (1 - share) + frequency * share
      }
    case .longRoPE(let long):
      let divisors = long.context > long.originalContext ? long.long : long.short
      return zip(plain, divisors).map { $0 / $1 }
    case .dynamic(let dynamic):
      let length = Double(max(dynamic.context, dynamic.originalContext))
      let growth = dynamic.factor * length / Double(dynamic.originalContext) - (dynamic.factor - 1)
      return frequencies(width: width, base: Double(base) * pow(growth, Double(width) / Double(width - 2)))
    }
  }

  /// A frequency, stretched by what looks at each alone.
  private static func scaled(_ frequency: Float, by scaling: Scaling) -> Float {
    switch scaling {
    case .none, .yarn, .longRoPE, .dynamic: return frequency
    case .linear(let factor): return frequency / factor
    case .llama3(let factor, let low, let high, let context):
      let wavelength = 2 * Float.pi / frequency
      if wavelength < context / high { return frequency }
      if wavelength > context / low { return frequency / factor }
      let smooth = (context / wavelength - low) / (high - low)
      return (1 - smooth) * frequency / factor + smooth * frequency
    }
  }
}

extension RotaryTable.YaRN {
  /// How much of each frequency stays as it is, 0…1, `[width / 2]`.
  fileprivate func kept(width: Int, base: Double) -> [Float] {
    func pair(turning turns: Double) -> Double {
      Double(width) * log(originalContext / (turns * 2 * .pi)) / (2 * log(base))
    }
    var (low, high) = (pair(turning: fast), pair(turning: slow))
    if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    (low, high) = (max(low, 0), min(high, Double(width - 1)))
    if low == high { high += 0.001 }
    return (0..<width / 2).map { index in
      1 - min(max((Float(index) - Float(low)) / (Float(high) - Float(low)), 0), 1)
    }
  }
}

extension RotaryTable.Scaling {
  /// What cosines and sines are multiplied by.
  package var attentionFactor: Float {
    switch self {
    case .none, .linear, .llama3, .dynamic: 1
    case .yarn(let yarn): Float(yarn.attentionFactor ?? (yarn.factor <= 1 ? 1 : 0.1 * log(yarn.factor) + 1))
    case .longRoPE(let long): Float(long.attentionFactor)
    }
  }

  /// As it is for a model that is loaded for `context` positions.
  package func frozen(for context: Int) -> RotaryTable.Scaling {
    switch self {
    case .none, .linear, .llama3, .yarn: return self
    case .longRoPE(var long):
      long.context = context
      return .longRoPE(long)
    case .dynamic(var dynamic):
      dynamic.context = context
      return .dynamic(dynamic)
    }
  }
}
