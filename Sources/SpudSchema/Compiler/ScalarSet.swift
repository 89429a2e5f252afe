/// A set of Unicode scalars, as ranges.
struct ScalarSet: Sendable, Equatable {
  /// Rising, without overlap, never surrogates.
  let ranges: [ClosedRange<UInt32>]

  init(_ ranges: [ClosedRange<UInt32>]) {
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    self.ranges = merged.flatMap(Self.withoutSurrogates)
  }

  static let digits = ScalarSet([0x30...0x39])
  static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  static let space = ScalarSet([0x09...0x0D, 0x20...0x20])
  static let newline = ScalarSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029])

  /// All others.
  var inverted: ScalarSet {
    var gaps: [ClosedRange<UInt32>] = [], next: UInt32 = 0
    for range in ranges {
      if next < range.lowerBound { gaps.append(next...(range.lowerBound - 1)) }
      next = range.upperBound + 1
    }
    if next <= 0x10FFFF { gaps.append(next...0x10FFFF) }
    return ScalarSet(gaps)
  }

  func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

  /// The scalar, if there is only one.
  var only: UInt32? {
    guard ranges.count == 1, ranges[0].count == 1 else { return nil }
    return ranges[0].lowerBound
  }

  private static func withoutSurrogates(_ range: ClosedRange<UInt32>) -> [ClosedRange<UInt32>] {
    var parts: [ClosedRange<UInt32>] = []
    if range.lowerBound < 0xD800 { parts.append(range.lowerBound...min(range.upperBound, 0xD7FF)) }
    if range.upperBound > 0xDFFF { parts.append(max(range.lowerBound, 0xE000)...range.upperBound) }
    return parts
  }
}

extension Grammar {
  /// One character of a set, as it stands in a JSON string: escaped only if it has to be.
  mutating func characters(_ set: ScalarSet) -> NodeID {
    var choices: [NodeID] = []
    for range in set.ranges {
      for scalar in range where scalar < 0x20 || scalar == 0x22 || scalar == 0x5C { choices.append(escaped(scalar)) }
      for part in [0x20...0x21, 0x23...0x5B, 0x5D...0x10FFFF] as [ClosedRange<UInt32>] where range.overlaps(part) {
        choices += utf8(range.clamped(to: part))
      }
    }
    return choice(choices)
  }

  private mutating func escaped(_ scalar: UInt32) -> NodeID {
    let short: [UInt32: String] = [
      0x22: "\\\"", 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x08: "\\b", 0x0C: "\\f",
    ]
    if let spelling = short[scalar] { return text(spelling) }
    let digits = String(scalar, radix: 16)
    return text("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
  }

  /// The sequences of bytes that spell a range of scalars in UTF-8.
  private mutating func utf8(_ range: ClosedRange<UInt32>) -> [NodeID] {
    let edges: [ClosedRange<UInt32>] = [0...0x7F, 0x80...0x7FF, 0x800...0xFFFF, 0x10000...0x10FFFF]
    return edges.filter { $0.overlaps(range) }.map { edge in
      let part = range.clamped(to: edge)
      return spelled(Self.encoded(part.lowerBound)[...], Self.encoded(part.upperBound)[...])
    }
  }

  /// All sequences of bytes between two of the same length, whose tails are continuation bytes.
  private mutating func spelled(_ low: ArraySlice<UInt8>, _ high: ArraySlice<UInt8>) -> NodeID {
    guard let first = low.first, let last = high.first else { return Self.empty }
    let tailLow = low.dropFirst(), tailHigh = high.dropFirst()
    if first == last { return sequence([bytes(ByteSet(first...first)), spelled(tailLow, tailHigh)]) }
    if tailLow.isEmpty { return bytes(ByteSet(first...last)) }
    let least = [UInt8](repeating: 0x80, count: tailLow.count)[...],
      most = [UInt8](repeating: 0xBF, count: tailLow.count)[...]
    var choices = [
      sequence([bytes(ByteSet(first...first)), spelled(tailLow, most)]),
      sequence([bytes(ByteSet(last...last)), spelled(least, tailHigh)]),
    ]
    if first + 1 < last { choices.append(sequence([bytes(ByteSet((first + 1)...(last - 1))), spelled(least, most)])) }
    return choice(choices)
  }

  /// - Note: The ranges of a set hold no surrogates, so each number is a scalar.
  private static func encoded(_ value: UInt32) -> [UInt8] {
    Unicode.Scalar(value).map { Array(String($0).utf8) } ?? []
  }
}
