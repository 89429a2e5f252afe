import SpudTensors

/// Random bytes, the same on every machine, and blocks of weights made of them.
struct RandomBytes {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt8 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: state >> 56)
  }

  /// Blocks of any type that hold `count` values of about 0.06: all bytes are random but the scales' exponents.
  mutating func blocks(_ type: ElementType, count: Int) -> [UInt8] {
    let size = type.blockBitCount / 8
    var bytes = (0..<count / type.blockLength * size).map { _ in next() }
    for start in stride(from: 0, to: bytes.count, by: size) {
      for (place, high) in Self.halves(of: type) { bytes[start + place + 1] = high }
      switch type {
      case .f16: bytes[start + 1] = 0x28 | bytes[start + 1] & 0x80
      case .bf16: bytes[start + 1] = 0x3D | bytes[start + 1] & 0x80
      case .mxfp4: bytes[start] = 120 + bytes[start] % 4
      case .nvfp4: for part in 0..<4 { bytes[start + part] = 8 + bytes[start + part] % 8 }
      case .iq1_m:
        // One half-precision number, spread over the highest bits of four words.
        for (word, nibble) in ([0, 0, 0x80, 0x20] as [UInt8]).enumerated() {
          bytes[start + 49 + 2 * word] = bytes[start + 49 + 2 * word] & 15 | nibble
        }
      default: break
      }
    }
    return bytes
  }

  /// Where a block's half-precision numbers are, with the high byte that makes ordinary weights.
  private static func halves(of type: ElementType) -> [(place: Int, high: UInt8)] {
    switch type {
    case .f16, .bf16, .mxfp4, .nvfp4, .iq1_m: []
    case .q4_0, .q5_0: [(0, 0x1C)]
    case .q4_1, .q5_1: [(0, 0x1C), (2, 0xA0)]
    case .q8_0, .iq4_nl: [(0, 0x10)]
    case .q2_k: [(80, 0x18), (82, 0x18)]
    case .q3_k: [(108, 0x10)]
    case .q4_k, .q5_k: [(0, 0x04), (2, 0x08)]
    case .q6_k: [(208, 0x01)]
    case .tq1_0: [(52, 0x2C)]
    case .tq2_0: [(64, 0x2C)]
    default: [(0, 0x0C)]
    }
  }
}
