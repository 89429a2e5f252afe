internal import SpudModels

/// How many guessed ids to check at once: as many as are expected to pay, by what was accepted so far and by what
/// steps of several ids cost.
///
/// An id that is checked costs little where all tokens meet the same weights, and much where each is sent to experts
/// of its own: the expected bytes of a step say so at first, measured times later.
struct Speculation {
  /// Ids guessed at once at most.
  static let limit = 16
  /// A guess has to promise so much more for what it costs.
  private static let least = 1.04
  /// After so many ids without a guess one is tried, to notice that a text has begun to repeat.
  private static let patience = 48

  /// The cost of a step of n ids in steps of one id, `[n]`, as bytes read and as measured.
  private let predicted: [Double]
  private var measured: [Double?]
  /// Seconds that a step of one id takes.
  private var single: Double?
  /// How likely a guessed id is right if all before it are, by how sure its place is.
  private var acceptance = [0.35, 0.8]
  private var idle = 0

  init(costs: ModelCosts) {
    let one = costs.weightBytesPerToken(together: 1, writes: true)
    predicted = (0...Self.limit + 1).map { count in
      // Beside the weights, each id takes a little of its own.
      count == 0
        ? 0 : costs.weightBytesPerToken(together: count, writes: true) * Double(count) / one + 0.02 * Double(count - 1)
    }
    measured = predicted.map { _ in nil }
  }

  /// Matches so long are rarely by chance.
  private static func certainty(_ matchLength: Int) -> Int { matchLength < 8 ? 0 : 1 }

  /// How many ids of a guess to check, 0…`limit`.
  mutating func count(_ guess: SuffixIndex.Guess) -> Int {
    guard !guess.ids.isEmpty else { return 0 }
    let share = acceptance[Self.certainty(guess.matchLength)]
    var (best, gain, expected, chance) = (0, Self.least, 1.0, 1.0)
    for count in 1...min(guess.ids.count, Self.limit) {
      chance *= share
      expected += chance
      let promise = expected / cost(count + 1)
      if promise > gain { (best, gain) = (count, promise) }
    }
    idle = best == 0 ? idle + 1 : 0
    if idle >= Self.patience {
      idle = 0
      return 1
    }
    return best
  }

  private func cost(_ ids: Int) -> Double { measured[ids] ?? predicted[ids] * correction }

  /// How steps of several ids compare with what was predicted of them, where that was measured.
  private var correction: Double {
    let known = measured.indices.dropFirst(2).compactMap { count in measured[count].map { $0 / predicted[count] } }
    return known.isEmpty ? 1 : known.reduce(0, +) / Double(known.count)
  }

  /// Notes what became of a guess.
  mutating func note(_ guess: SuffixIndex.Guess, checked: Int, accepted: Int) {
    let trials = min(accepted + 1, checked)
    guard trials > 0 else { return }
    let index = Self.certainty(guess.matchLength)
    // A longer trial says more.
    let weight = 1 - 1 / (1 + 0.12 * Double(trials))
    acceptance[index] += weight * (Double(accepted) / Double(trials) - acceptance[index])
  }

  /// Notes how long a step of so many ids of one answer took.
  mutating func note(ids: Int, took time: Duration) {
    let seconds = time / .seconds(1)
    func mean(_ known: Double?, _ seen: Double) -> Double { known.map { ($0 * 7 + seen) / 8 } ?? seen }
    if ids == 1 {
      single = mean(single, seconds)
    } else if let single, ids < measured.count {
      // More ids are never cheaper than one.
      measured[ids] = max(1, mean(measured[ids], seconds / single))
    }
  }
}
