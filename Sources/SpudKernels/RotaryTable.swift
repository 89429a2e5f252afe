internal import CSpudKernels

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Cosines and sines of rotary position embeddings, computed for the positions of a batch: a table as long as the
/// context would be larger than what it saves.
///
/// Source: `modeling_rope_utils.py` of huggingface/transformers. Angles are the float32 product of position and
/// frequency, as there.
@safe
package final class RotaryTable: @unchecked Sendable {
  // `@unchecked`: it changes only in `prepare`, which the one thread that owns the model calls.

  /// How frequencies are stretched for contexts longer than the model was first trained on.
  package enum Scaling: Sendable, Equatable {
    case none
    /// Every frequency divided by `factor`.
    case linear(factor: Float)
    /// Llama 3.1: long wavelengths divided by `factor`, short ones kept, a smooth passage between.
    case llama3(factor: Float, lowFrequencyFactor: Float, highFrequencyFactor: Float, originalContext: Float)
  }

  /// Which two values of a head turn together.
  package enum Pairing: Sendable {
    /// i and i + width/2: Hugging Face checkpoints.
    case halves
    /// 2i and 2i + 1: `llama` GGUF files, whose rows were permuted for it.
    case adjacent
  }

  /// How many of a head's values rotate.
  package let width: Int
  package let pairing: Pairing
  private let frequencies: [Float]
  /// `[positions, pairs]`, of the positions that `prepare` was called with last.
  private(set) var cosines: [Float] = []
  private(set) var sines: [Float] = []
  private var positions: [Int32] = []

  /// - Parameter divisors: What each frequency is divided by, `[width / 2]`, after `scaling`; nil divides by nothing.
  package init(
    width: Int, base: Float, scaling: Scaling = .none, pairing: Pairing = .halves, divisors: [Float]? = nil
  ) {
    precondition(width > 0 && width % 2 == 0, "a rotary width is even, not \(width)")
    precondition(divisors.map { $0.count == width / 2 } ?? true, "a divisor for each of \(width / 2) frequencies")
    self.width = width
    self.pairing = pairing
    frequencies = RotaryTable.frequencies(width: width, base: base).enumerated().map { pair, frequency in
      RotaryTable.scaled(frequency, by: scaling) / (divisors?[pair] ?? 1)
    }
  }

  /// The frequencies of a head's pairs, unstretched, `[width / 2]`.
  package static func frequencies(width: Int, base: Float) -> [Float] {
    (0..<width / 2).map { pair in Float(1 / pow(Double(base), Double(2 * pair) / Double(width))) }
  }

  /// A frequency, stretched by `scaling`.
  package static func scaled(_ frequency: Float, by scaling: Scaling) -> Float {
    switch scaling {
    case .none: return frequency
    case .linear(let factor): return frequency / factor
    case .llama3(let factor, let low, let high, let context):
      let wavelength = 2 * Float.pi / frequency
      if wavelength < context / high { return frequency }
      if wavelength > context / low { return frequency / factor }
      let smooth = (context / wavelength - low) / (high - low)
      return (1 - smooth) * frequency / factor + smooth * frequency
    }
  }

  /// Makes `cosines` and `sines` those of these positions; nothing when they are already, as from one layer to the
  /// next.
  func prepare(_ positions: [Int32]) {
    guard positions != self.positions else { return }
    self.positions = positions
    cosines.removeAll(keepingCapacity: true)
    sines.removeAll(keepingCapacity: true)
    for position in positions {
      for frequency in frequencies {
        let angle = Double(Float(position) * frequency)
        cosines.append(Float(cos(angle)))
        sines.append(Float(sin(angle)))
      }
    }
  }
}
