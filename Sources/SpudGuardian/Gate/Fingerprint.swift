/// SHA-256 of bytes: two things with one fingerprint are the same thing.
///
/// Source: FIPS 180-4.
package struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
  private let words: [UInt32]

  /// - Complexity: O(`bytes.count`).
  package init(of bytes: [UInt8]) {
    var state: [UInt32] = [
      0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    var schedule = [UInt32](repeating: 0, count: 64)
    let whole = bytes.count / 64
    for block in 0..<whole { Self.compress(bytes, at: block * 64, into: &state, &schedule) }
    var rest = Array(bytes[(whole * 64)...]) + [0x80]
    while rest.count % 64 != 56 { rest.append(0) }
    let bits = UInt64(bytes.count) * 8
    for shift in stride(from: 56, through: 0, by: -8) { rest.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift))) }
    for first in stride(from: 0, to: rest.count, by: 64) { Self.compress(rest, at: first, into: &state, &schedule) }
    words = state
  }

  package init(of text: String) { self.init(of: Array(text.utf8)) }

  /// 64 hexadecimal digits.
  package var description: String {
    let digits = Array("0123456789abcdef")
    return words.reduce(into: "") { text, word in
      for shift in stride(from: 28, through: 0, by: -4) { text.append(digits[Int(word >> UInt32(shift) & 15)]) }
    }
  }

  private static func compress(_ bytes: [UInt8], at first: Int, into state: inout [UInt32], _ w: inout [UInt32]) {
    for i in 0..<16 {
      let at = first + 4 * i
      w[i] = UInt32(bytes[at]) << 24 | UInt32(bytes[at + 1]) << 16 | UInt32(bytes[at + 2]) << 8 | UInt32(bytes[at + 3])
    }
    for i in 16..<64 {
      let (a, b) = (w[i - 15], w[i - 2])
      let small = rotated(a, 7) ^ rotated(a, 18) ^ (a >> 3), large = rotated(b, 17) ^ rotated(b, 19) ^ (b >> 10)
      w[i] = w[i - 16] &+ small &+ w[i - 7] &+ large
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for i in 0..<64 {
      let choice = (e & f) ^ (~e & g), majority = (a & b) ^ (a & c) ^ (b & c)
      let first = h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ choice &+ constants[i] &+ w[i]
      let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
      (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
    }
    for (place, value) in [a, b, c, d, e, f, g, h].enumerated() { state[place] &+= value }
  }

  private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = {
    var primes: [Int] = []
    var number = 2
    while primes.count < 64 {
      if primes.allSatisfy({ number % $0 != 0 }) { primes.append(number) }
      number += 1
    }
    // The largest root whose cube is at most prime · 2⁹⁶, by halving, in whole numbers.
    return primes.map { prime in
      var (low, high) = (UInt64(0), UInt64(1) << 35)
      while high - low > 1 {
        let middle = (low + high) / 2
        if isCube(middle, atMost: UInt64(prime)) { low = middle } else { high = middle }
      }
      return UInt32(truncatingIfNeeded: low)
    }
  }()

  /// Whether root³ ≤ prime · 2⁹⁶, for roots below 2³⁵.
  private static func isCube(_ root: UInt64, atMost prime: UInt64) -> Bool {
    let square = root.multipliedFullWidth(by: root)
    let low = square.low.multipliedFullWidth(by: root)
    let (middle, carry) = (square.high &* root).addingReportingOverflow(low.high)
    let limit = prime << 32
    if carry || middle > limit { return false }
    return middle < limit || low.low == 0
  }
}
