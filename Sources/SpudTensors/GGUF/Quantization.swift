internal import CSpudBlocks

/// Floats as GGUF's blocks.
///
/// Q8_0, and Q4_0, Q5_0 and Q5_1 without importance, are rounded exactly as llama.cpp's reference does; the others are
/// fitted so that the squared errors are small.
package enum Quantization {
  /// The types that are written.
  package static let types: [ElementType] = [
    .f32, .f16, .bf16, .q8_0, .q4_0, .q5_0, .q5_1, .q4_k, .q5_k, .q6_k, .mxfp4,
  ]

  /// The stored bytes of `values` as `type`.
  ///
  /// - Parameters:
  ///   - values: Rows, one after another.
  ///   - type: One of `types`.
  ///   - importance: How much an error in each column counts, `[columns]`; nil for all the same.
  /// - Precondition: `values` is a whole number of blocks, and of rows as long as `importance`.
  package static func bytes(of values: Span<Float>, as type: ElementType, importance: [Float]? = nil) -> [UInt8] {
    let columns = importance?.count ?? values.count
    precondition(
      values.count % type.blockLength == 0 && columns % type.blockLength == 0,
      "\(values.count) values are no whole blocks of \(type)")
    guard let encoding = type.encoding, types.contains(type) else {
      preconditionFailure("weights are not written as \(type)")
    }
    guard !values.isEmpty else { return [] }
    precondition(values.count % columns == 0, "\(values.count) values are no rows of \(columns)")
    let count = values.count / type.blockLength * (type.blockBitCount / 8)
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
      unsafe values.withUnsafeBufferPointer { source in
        guard let from = source.baseAddress, let to = output.baseAddress else { return }
        let rows = source.count / columns
        for row in 0..<rows {
          let target = unsafe to + row * (count / rows)
          // SAFETY: each row is `columns` values, and takes its share of the `count` bytes.
          if let importance {
            unsafe importance.withUnsafeBufferPointer {
              _ = unsafe spud_encode_row(encoding, from + row * columns, $0.baseAddress, Int64(columns), target)
            }
          } else {
            _ = unsafe spud_encode_row(encoding, from + row * columns, nil, Int64(columns), target)
          }
        }
      }
      initialized = count
    }
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
