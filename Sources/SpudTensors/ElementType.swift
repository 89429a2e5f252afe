/// How a tensor's elements are stored: plain numbers, or GGUF's blocks of quantized ones.
///
/// All of safetensors' types are here, because a file that holds one is still a correct file;
/// `isReadable` says which of them this runtime can compute with.
package enum ElementType: String, Sendable, CaseIterable, CustomStringConvertible {
  case f64 = "F64"
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  case i64 = "I64"
  case u64 = "U64"
  case i32 = "I32"
  case u32 = "U32"
  case i16 = "I16"
  case u16 = "U16"
  case i8 = "I8"
  case u8 = "U8"
  case bool = "BOOL"
  case c64 = "C64"
  case f8e5m2 = "F8_E5M2"
  case f8e4m3 = "F8_E4M3"
  case f8e8m0 = "F8_E8M0"
  case f8e4m3fnuz = "F8_E4M3FNUZ"
  case f8e5m2fnuz = "F8_E5M2FNUZ"
  case f6e2m3 = "F6_E2M3"
  case f6e3m2 = "F6_E3M2"
  case f4 = "F4"
  /// 32 elements: f16 scale, then 32 signed bytes.
  case q8_0 = "Q8_0"
  /// 32 elements: f16 scale, then 16 bytes; low nibbles are elements 0–15, high ones 16–31; element = scale · (q − 8).
  case q4_0 = "Q4_0"
  /// 256 elements: f16 scale and minimum, 8 six-bit scales and minima in 12 bytes, 128 bytes of nibbles.
  case q4_k = "Q4_K"
  /// 256 elements: 128 bytes of low nibbles, 64 of high bit pairs, 16 signed scales, f16 scale.
  case q6_k = "Q6_K"

  package var description: String { rawValue }

  /// Elements that are stored together; 1 for plain numbers.
  package var blockLength: Int {
    switch self {
    case .q8_0, .q4_0: 32
    case .q4_k, .q6_k: 256
    default: 1
    }
  }

  /// Bits that one block takes.
  package var blockBitCount: Int {
    switch self {
    case .f64, .i64, .u64, .c64: 64
    case .f32, .i32, .u32: 32
    case .f16, .bf16, .i16, .u16: 16
    case .i8, .u8, .bool, .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz: 8
    case .f6e2m3, .f6e3m2: 6
    case .f4: 4
    // Scales, then what they scale, in bytes.
    case .q8_0: (2 + 32) * 8
    case .q4_0: (2 + 16) * 8
    case .q4_k: (2 * 2 + 12 + 128) * 8
    case .q6_k: (128 + 64 + 16 + 2) * 8
    }
  }

  /// The types that weights may have.
  package static let readable: [ElementType] = [.f32, .f16, .bf16, .q8_0, .q4_0, .q4_k, .q6_k]

  /// True for GGUF's block types.
  package var isQuantized: Bool { blockLength > 1 }

  /// The bytes that `count` consecutive elements take.
  ///
  /// - Returns: nil if that overflows, is no whole number of bytes, or splits a block.
  package func byteCount(of count: Int) -> Int? {
    guard count >= 0, count % blockLength == 0 else { return nil }
    let (bits, overflow) = (count / blockLength).multipliedReportingOverflow(by: blockBitCount)
    guard !overflow, bits % 8 == 0 else { return nil }
    return bits / 8
  }
}
