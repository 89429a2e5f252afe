/// Floats as GGUF's blocks, rounded exactly as llama.cpp's reference does.
///
/// Source: `quantize_row_q8_0_ref` and `quantize_row_q4_0_ref` in ggml-quants.c of ggml-org/llama.cpp.
package enum Quantization {
  /// The stored bytes of `values` as `type`: F32, F16, BF16, Q8_0 or Q4_0.
  ///
  /// - Precondition: `values` is a whole number of blocks.
  package static func bytes(of values: Span<Float>, as type: ElementType) -> [UInt8] {
    precondition(values.count % type.blockLength == 0, "\(values.count) values are no whole blocks of \(type)")
    var output: [UInt8] = []
    output.reserveCapacity(values.count / type.blockLength * type.blockBitCount / 8)
    switch type {
    case .f32: for index in values.indices { append(values[index].bitPattern, to: &output) }
    case .f16: for index in values.indices { append(values[index].halfBits, to: &output) }
    case .bf16: for index in values.indices { append(values[index].bfloat16Bits, to: &output) }
    case .q8_0:
      for start in stride(from: 0, to: values.count, by: 32) {
        appendQ8(values.extracting(start..<start + 32), to: &output)
      }
    case .q4_0:
      for start in stride(from: 0, to: values.count, by: 32) {
        appendQ4(values.extracting(start..<start + 32), to: &output)
      }
    default: preconditionFailure("weights are not written as \(type)")
    }
    return output
  }

  private static func appendQ8(_ block: Span<Float>, to output: inout [UInt8]) {
    var largest: Float = 0
    for index in block.indices { largest = max(largest, block[index].magnitude) }
    let scale = largest / 127
    let inverse = scale > 0 ? 1 / scale : 0
    append(scale.halfBits, to: &output)
    for index in block.indices {
      output.append(
        UInt8(bitPattern: integer((block[index] * inverse).rounded(.toNearestOrAwayFromZero), in: -127...127)))
    }
  }

  private static func appendQ4(_ block: Span<Float>, to output: inout [UInt8]) {
    // The value of largest magnitude, with its sign, becomes −8, the only end of the range that is whole.
    var extreme: Float = 0
    for index in block.indices where block[index].magnitude > extreme.magnitude { extreme = block[index] }
    let scale = extreme / -8
    let inverse = scale != 0 ? 1 / scale : 0
    append(scale.halfBits, to: &output)
    for index in 0..<16 {
      let low = integer((block[index] * inverse + 8.5).rounded(.towardZero), in: 0...15)
      let high = integer((block[index + 16] * inverse + 8.5).rounded(.towardZero), in: 0...15)
      output.append(UInt8(low) | UInt8(high) << 4)
    }
  }

  /// The nearest end of `range` for what lies outside it; the lower one for NaN.
  private static func integer(_ value: Float, in range: ClosedRange<Int8>) -> Int8 {
    guard value > Float(range.lowerBound) else { return range.lowerBound }
    return value < Float(range.upperBound) ? Int8(value) : range.upperBound
  }

  private static func append<T: FixedWidthInteger>(_ value: T, to output: inout [UInt8]) {
    for byte in 0..<T.bitWidth / 8 { output.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
  }
}

extension Float {
  /// This value as IEEE half precision, rounded to nearest, ties to even; too large becomes infinity.
  package var halfBits: UInt16 {
    let bits = bitPattern
    let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
    if isNaN { return sign | 0x7E00 }
    if magnitude >= 65520 { return sign | 0x7C00 }
    if magnitude < 0x1p-14 {
      // Subnormal halves are multiples of 2⁻²⁴.
      return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven))
    }
    let rounded = bits & 0x7FFF_FFFF &+ 0xFFF &+ (bits >> 13 & 1)
    return sign | UInt16(truncatingIfNeeded: (rounded &- 0x3800_0000) >> 13)
  }

  /// This value as bfloat16, rounded to nearest, ties to even.
  package var bfloat16Bits: UInt16 {
    if isNaN { return UInt16(truncatingIfNeeded: bitPattern >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bitPattern &+ 0x7FFF &+ (bitPattern >> 16 & 1)) >> 16)
  }
}
