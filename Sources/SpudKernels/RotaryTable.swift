internal import CSpudKernels

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Cosines and sines of rotary position embeddings, of the positions of a batch.
///
/// Those of the first few thousand positions are kept: they come up again and again, and cost a small model a twentieth
/// of its time. Later ones are computed for each batch: a table as long as the context would be larger than what it
/// saves.
///
/// Source: `modeling_rope_utils.py` of huggingface/transformers. Angles are the float32 product of position and
/// frequency, as there.
@safe
package final class RotaryTable: @unchecked Sendable {
  // `@unchecked`: it changes only in `prepare`, which the one thread that owns the model calls.

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
  /// What cosines and sines are multiplied by.
  private let attentionFactor: Float
  /// `[positions, pairs]`, of the positions that `prepare` was called with last.
  private(set) var cosines: [Float] = []
  private(set) var sines: [Float] = []
  private var positions: [Int32] = []
  /// `[positions below keptCount, pairs]`, where `isKept` says so.
  private var kept: (cosines: [Float], sines: [Float]) = ([], [])
  private var isKept: [Bool] = []

  private static let keptCount = 4096

  /// - Parameter divisors: What each frequency is divided by, `[width / 2]`, after `scaling`; nil divides by nothing.
  package init(
    width: Int, base: Float, scaling: Scaling = .none, pairing: Pairing = .halves, divisors: [Float]? = nil
  ) {
    precondition(width > 0 && width % 2 == 0, "a rotary width is even, not \(width)")
    precondition(divisors.map { $0.count == width / 2 } ?? true, "a divisor for each of \(width / 2) frequencies")
    self.width = width
    self.pairing = pairing
    attentionFactor = scaling.attentionFactor
    frequencies = RotaryTable.frequencies(width: width, base: base, scaling: scaling).enumerated().map {
      pair, frequency in frequency / (divisors?[pair] ?? 1)
    }
  }

  /// Makes `cosines` and `sines` those of these positions; nothing when they are already, as from one layer to the
  /// next.
  func prepare(_ positions: [Int32]) {
    guard positions != self.positions else { return }
    self.positions = positions
    cosines.removeAll(keepingCapacity: true)
    sines.removeAll(keepingCapacity: true)
    let pairs = frequencies.count
    for position in positions {
      let place = Int(position)
      guard place < Self.keptCount else {
        for frequency in frequencies {
          let (cosine, sine) = turn(position, frequency)
          cosines.append(cosine)
          sines.append(sine)
        }
        continue
      }
      if place >= isKept.count || !isKept[place] { keep(place) }
      cosines += kept.cosines[place * pairs..<(place + 1) * pairs]
      sines += kept.sines[place * pairs..<(place + 1) * pairs]
    }
  }

  private func turn(_ position: Int32, _ frequency: Float) -> (cosine: Float, sine: Float) {
    let angle = Double(Float(position) * frequency)
    return (Float(cos(angle)) * attentionFactor, Float(sin(angle)) * attentionFactor)
  }

  private func keep(_ place: Int) {
    let pairs = frequencies.count
    if place >= isKept.count {
      let count = min(Self.keptCount, max(2 * isKept.count, (place + 1).roundedUp(to: 256)))
      isKept += Array(repeating: false, count: count - isKept.count)
      kept.cosines += Array(repeating: 0, count: count * pairs - kept.cosines.count)
      kept.sines += Array(repeating: 0, count: count * pairs - kept.sines.count)
    }
    for (pair, frequency) in frequencies.enumerated() {
      (kept.cosines[place * pairs + pair], kept.sines[place * pairs + pair]) = turn(Int32(place), frequency)
    }
    isKept[place] = true
  }
}
