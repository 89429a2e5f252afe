internal import CSpudBlocks

/// How a tensor's elements are stored: plain numbers, or GGUF's blocks of quantized ones.
///
/// All of safetensors' types are here, because a file that holds one is still a correct file; `readable` says which of
/// them weights can have.
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

  // Blocks of 32: one scale d, and sometimes a minimum m; q are the integers that are stored.
  /// Half-precision d, nibbles; d · (q − 8).
  case q4_0 = "Q4_0"
  /// Half-precision d and m, nibbles; d · q + m.
  case q4_1 = "Q4_1"
  /// Half-precision d, 32 high bits, nibbles; d · (q − 16).
  case q5_0 = "Q5_0"
  /// Half-precision d and m, 32 high bits, nibbles; d · q + m.
  case q5_1 = "Q5_1"
  /// Half-precision d, signed bytes; d · q.
  case q8_0 = "Q8_0"
  /// Half-precision d and d · Σ q, signed bytes; d · q. For activations, but legal in a file.
  case q8_1 = "Q8_1"
  /// Half-precision d, nibbles that choose from 16 uneven values; d · T[q].
  case iq4_nl = "IQ4_NL"
  /// A power of two d, nibbles that choose from 16 values of E2M1; d · T[q].
  case mxfp4 = "MXFP4"

  // Blocks of 256: half-precision d and sometimes m, and an integer scale s, or a minimum, for each 16 or 32.
  /// 4-bit scales and minima for 16, bit pairs.
  case q2_k = "Q2_K"
  /// 6-bit scales for 16, bit pairs and a third bit.
  case q3_k = "Q3_K"
  /// 6-bit scales and minima for 32, nibbles.
  case q4_k = "Q4_K"
  /// 6-bit scales and minima for 32, nibbles and a fifth bit.
  case q5_k = "Q5_K"
  /// Signed 8-bit scales for 16, nibbles and bit pairs.
  case q6_k = "Q6_K"
  /// A float d, signed bytes, sums of 16. For activations, but legal in a file.
  case q8_k = "Q8_K"
  /// 6-bit scales for 32, nibbles that choose as in `iq4_nl`.
  case iq4_xs = "IQ4_XS"

  // Blocks of 256 in which an index chooses four or eight magnitudes from a fixed book, beside signs and scales.
  case iq1_s = "IQ1_S"
  case iq1_m = "IQ1_M"
  case iq2_xxs = "IQ2_XXS"
  case iq2_xs = "IQ2_XS"
  case iq2_s = "IQ2_S"
  case iq3_xxs = "IQ3_XXS"
  case iq3_s = "IQ3_S"

  /// 256 elements of −1, 0 or 1 times a half-precision d, five in a byte.
  case tq1_0 = "TQ1_0"
  /// 256 elements of −1, 0, 1 or 2 times a half-precision d, four in a byte.
  case tq2_0 = "TQ2_0"
  /// 64 elements of E2M1, with a scale in E4M3 for each 16.
  case nvfp4 = "NVFP4"
  /// 128 elements of −1 or 1 times a half-precision d.
  case q1_0 = "Q1_0"
  /// 64 elements of −1, 0, 1 or 2 times a half-precision d.
  case q2_0 = "Q2_0"

  package var description: String { rawValue }

  /// Elements that are stored together; 1 for plain numbers.
  package var blockLength: Int { encoding.map { Int(spud_block_length($0)) } ?? 1 }

  /// Bits that one block takes.
  package var blockBitCount: Int {
    switch self {
    case .i64, .u64, .c64: 64
    case .i32, .u32: 32
    case .i16, .u16: 16
    case .i8, .u8, .bool, .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz: 8
    case .f6e2m3, .f6e3m2: 6
    case .f4: 4
    default: encoding.map { Int(spud_block_bytes($0)) * 8 } ?? 0
    }
  }

  /// The types that weights may have.
  package static let readable: [ElementType] = allCases.filter { $0.encoding != nil }

  /// True for GGUF's block types.
  package var isQuantized: Bool { blockLength > 1 }

  /// The bytes that `count` consecutive elements take.
  ///
  /// - Returns: nil if that overflows, is no whole number of bytes, or splits a block.
  package func byteCount(of count: Int) -> Int? {
    let length = blockLength
    guard count >= 0, count % length == 0 else { return nil }
    let (bits, overflow) = (count / length).multipliedReportingOverflow(by: blockBitCount)
    guard !overflow, bits % 8 == 0 else { return nil }
    return bits / 8
  }

  /// What the decoders in C call this type; nil for types that weights cannot have.
  var encoding: spud_encoding? {
    guard let id = ggufID else { return nil }
    let encoding = spud_encoding(rawValue: id)
    return spud_block_length(encoding) > 0 ? encoding : nil
  }
}
