/// The values of all bytes of an 8-bit floating-point type.
struct FloatTable: Sendable {
  let values: [Float]  // [256]

  /// - Parameter type: E4M3 or E5M2 as the Open Compute Project defines them, or E8M0, which is a power of two; bytes
  ///   without a type count as E8M0. nil for all others.
  init?(_ type: ElementType) {
    switch type {
    case .f8e4m3: values = Self.e4m3
    case .f8e5m2: values = Self.e5m2
    case .f8e8m0, .u8: values = Self.e8m0
    default: return nil
    }
  }

  private static let e4m3 = (0..<256).map { byte in
    // No infinity; all ones is no number.
    byte & 0x7F == 0x7F ? .nan : value(byte, exponentBits: 4, mantissaBits: 3)
  }

  private static let e5m2 = (0..<256).map { byte in
    // The upper half of a half-precision number.
    Float(halfBits: UInt16(byte) << 8)
  }

  private static let e8m0 = (0..<256).map { byte in
    byte == 255 ? Float.nan : Float(sign: .plus, exponent: byte - 127, significand: 1)
  }

  private static func value(_ byte: Int, exponentBits: Int, mantissaBits: Int) -> Float {
    let mantissa = byte & (1 << mantissaBits - 1)
    let exponent = byte >> mantissaBits & (1 << exponentBits - 1)
    let bias = 1 << (exponentBits - 1) - 1
    let fraction = Float(mantissa) / Float(1 << mantissaBits)
    let magnitude =
      exponent == 0
      ? Float(sign: .plus, exponent: 1 - bias, significand: 1) * fraction
      : Float(sign: .plus, exponent: exponent - bias, significand: 1 + fraction)
    return byte & 0x80 == 0 ? magnitude : -magnitude
  }
}
