/// One step through bytes that are meant to be UTF-8.
struct DecodedScalar {
  /// The scalar, or `DecodedScalar.invalid` for a byte that starts none.
  var value: UInt32
  /// Bytes taken: 1 to 4; 1 for an invalid byte.
  var length: Int

  /// Stands for a byte that is not part of well-formed UTF-8; above every scalar.
  static let invalid: UInt32 = .max
  var isValid: Bool { value != Self.invalid }
}

extension [UInt8] {
  /// The scalar that starts at `index`, of those bytes before `end`. Overlong forms and surrogates are invalid.
  @inline(__always)
  func scalar(at index: Int, before end: Int) -> DecodedScalar {
    let first = self[index]
    if first < 0x80 { return DecodedScalar(value: UInt32(first), length: 1) }
    return multibyteScalar(first, at: index, before: end)
  }

  private func multibyteScalar(_ first: UInt8, at index: Int, before end: Int) -> DecodedScalar {
    let invalid = DecodedScalar(value: DecodedScalar.invalid, length: 1)
    let length: Int
    // The bounds of the second byte exclude overlong forms, surrogates, and what lies above U+10FFFF.
    var bounds: ClosedRange<UInt8> = 0x80...0xBF
    var value: UInt32
    switch first {
    case 0xC2...0xDF:
      length = 2
      value = UInt32(first & 0x1F)
    case 0xE0...0xEF:
      length = 3
      value = UInt32(first & 0x0F)
      if first == 0xE0 { bounds = 0xA0...0xBF }
      if first == 0xED { bounds = 0x80...0x9F }
    case 0xF0...0xF4:
      length = 4
      value = UInt32(first & 0x07)
      if first == 0xF0 { bounds = 0x90...0xBF }
      if first == 0xF4 { bounds = 0x80...0x8F }
    default: return invalid
    }
    guard end - index >= length else { return invalid }
    for offset in 1..<length {
      let byte = self[index + offset]
      guard bounds.contains(byte) else { return invalid }
      bounds = 0x80...0xBF
      value = value << 6 | UInt32(byte & 0x3F)
    }
    return DecodedScalar(value: value, length: length)
  }

  /// The scalar that ends just before `index`, of those bytes from `start`; needs `index > start`.
  func scalar(endingAt index: Int, from start: Int) -> DecodedScalar {
    var first = index - 1
    while first > start, index - first < 4, self[first] & 0xC0 == 0x80 { first -= 1 }
    let decoded = scalar(at: first, before: index)
    guard decoded.length == index - first else { return DecodedScalar(value: DecodedScalar.invalid, length: 1) }
    return decoded
  }

  /// Appends the UTF-8 form of `scalar`, which must not be above U+10FFFF.
  mutating func append(scalar: UInt32) {
    switch scalar {
    case 0..<0x80:
      append(UInt8(truncatingIfNeeded: scalar))
    case 0x80..<0x800:
      append(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
      append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
    case 0x800..<0x10000:
      append(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
      append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F))
      append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
    default:
      append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
      append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3F))
      append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F))
      append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
    }
  }
}
