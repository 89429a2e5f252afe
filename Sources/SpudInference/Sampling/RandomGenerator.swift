internal import SpudSupport

/// A small, fast source of random numbers whose whole sequence follows from its seed.
///
/// xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), its four words
/// filled by SplitMix64 (Steele, Lea and Flood, 2014), as its authors recommend. The sequence is part of the
/// promise that a seed makes: it does not change between releases, machines or thread counts.
package struct RandomGenerator: RandomNumberGenerator, Sendable, Equatable {
  private var words: (UInt64, UInt64, UInt64, UInt64)

  package init(seed: UInt64) {
    var seeds = SeededGenerator(seed: seed)
    words = (seeds.next(), seeds.next(), seeds.next(), seeds.next())
  }

  package mutating func next() -> UInt64 {
    let result = Self.rotate(words.0 &+ words.3, by: 23) &+ words.0
    let shifted = words.1 << 17
    words.2 ^= words.0
    words.3 ^= words.1
    words.1 ^= words.2
    words.0 ^= words.3
    words.2 ^= shifted
    words.3 = Self.rotate(words.3, by: 45)
    return result
  }

  /// A number in 0 ..< 1, one of 2⁵³ that lie evenly.
  package mutating func nextFraction() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  private static func rotate(_ word: UInt64, by count: UInt64) -> UInt64 {
    (word << count) | (word >> (64 - count))
  }

  package static func == (one: Self, other: Self) -> Bool {
    one.words == other.words
  }
}
