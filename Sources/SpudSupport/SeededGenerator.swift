/// A small generator of random numbers that gives the same numbers for the same seed on every machine.
///
/// Source: SplitMix64, Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Returns an index below `count`, which is at least 1.
  package mutating func index(below count: Int) -> Int {
    precondition(count > 0, "an index below \(count) does not exist")
    // The high half of a 64×64-bit product: no division, and a bias below 2⁻⁴⁰ for the counts used here.
    return Int(next().multipliedFullWidth(by: UInt64(count)).high)
  }

  /// Returns a number in 0 ..< 1.
  package mutating func fraction() -> Double {
    Double(next() >> 11) * 0x1p-53
  }
}
