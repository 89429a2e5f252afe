internal import SpudErrors

/// Elements as floats, by the definition of each type: the reference that faster code is compared with.
///
/// Source of the block types: `dequantize_row_*` in ggml-quants.c of ggml-org/llama.cpp.
package enum Dequantization {
  /// The elements of `bytes`, in order.
  ///
  /// - Parameter name: What to call the bytes in an error.
  /// - Throws: `SpudError.badData` for a type that weights cannot have, or half a block.
  package static func floats(of bytes: RawSpan, _ type: ElementType, name: String) throws -> [Float] {
    guard ElementType.readable.contains(type) else {
      let choices = ElementType.readable.map(\.rawValue).joined(separator: ", ")
      throw SpudError(.badData, "\(name): has elements of type \(type), but weights can be \(choices)")
    }
    let blockBytes = type.blockBitCount / 8
    guard bytes.byteCount % blockBytes == 0 else {
      throw SpudError(.badData, "\(name): \(bytes.byteCount) bytes are no whole number of blocks of \(type)")
    }
    // Each number by itself, without a question asked of it: codebooks have millions, and every start waits for them.
    func numbers<Bits: FixedWidthInteger & BitwiseCopyable>(_ value: (Bits) -> Float) -> [Float] {
      (0..<bytes.byteCount / blockBytes).map {
        value(bytes.loadLittleEndian(fromByteOffset: blockBytes * $0, as: Bits.self))
      }
    }
    switch type {
    case .f32: return numbers { Float(bitPattern: $0) }
    case .bf16: return numbers { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
    case .f16: return numbers { Float(halfBits: $0) }
    default:
      var output: [Float] = []
      output.reserveCapacity(bytes.byteCount / blockBytes * type.blockLength)
      for start in stride(from: 0, to: bytes.byteCount, by: blockBytes) {
        appendBlock(of: bytes, at: start, type, to: &output)
      }
      return output
    }
  }

  private static func appendBlock(of bytes: RawSpan, at start: Int, _ type: ElementType, to output: inout [Float]) {
    func byte(_ offset: Int) -> Int { Int(bytes.loadLittleEndian(fromByteOffset: start + offset, as: UInt8.self)) }
    func signed(_ offset: Int) -> Int { Int(bytes.loadLittleEndian(fromByteOffset: start + offset, as: Int8.self)) }
    func half(_ offset: Int) -> Float {
      Float(halfBits: bytes.loadLittleEndian(fromByteOffset: start + offset, as: UInt16.self))
    }
    switch type {
    case .q8_0:
      let scale = half(0)
      for index in 0..<32 { output.append(scale * Float(signed(2 + index))) }
    case .q4_0:
      let scale = half(0)
      for index in 0..<16 { output.append(scale * Float((byte(2 + index) & 15) - 8)) }
      for index in 0..<16 { output.append(scale * Float((byte(2 + index) >> 4) - 8)) }
    case .q4_k:
      let scale = half(0)
      let minimum = half(2)
      for group in 0..<8 {
        // Groups 0–3 keep six bits in one byte; groups 4–7 have four there and two on top of an earlier byte.
        let groupScale: Int
        let groupMinimum: Int
        if group < 4 {
          groupScale = byte(4 + group) & 63
          groupMinimum = byte(8 + group) & 63
        } else {
          groupScale = (byte(8 + group) & 15) | ((byte(group) >> 6) << 4)
          groupMinimum = (byte(8 + group) >> 4) | ((byte(4 + group) >> 6) << 4)
        }
        let step = scale * Float(groupScale)
        let floor = minimum * Float(groupMinimum)
        for index in 0..<32 {
          let pair = byte(16 + group / 2 * 32 + index)
          output.append(step * Float(group % 2 == 0 ? pair & 15 : pair >> 4) - floor)
        }
      }
    case .q6_k:
      let scale = half(208)
      for index in 0..<256 {
        let (side, place) = (index / 128, index % 128)
        let (quarter, column) = (place / 32, place % 32)
        let pair = byte(side * 64 + quarter % 2 * 32 + column)
        let low = quarter < 2 ? pair & 15 : pair >> 4
        let high = (byte(128 + side * 32 + column) >> (2 * quarter)) & 3
        let step = scale * Float(signed(192 + index / 16))
        output.append(step * Float((low | (high << 4)) - 32))
      }
    default:
      preconditionFailure("\(type) is not readable")
    }
  }
}

extension Float {
  /// The value of an IEEE half-precision number.
  package init(halfBits bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let rest = UInt32(bits & 0x7FFF) << 13
    // The exponent is rebased by a multiplication, which normalizes subnormals on the way.
    let magnitude = (Float(bitPattern: rest) * 0x1p112).bitPattern
    self = Float(bitPattern: sign | (bits & 0x7C00 == 0x7C00 ? rest | 0x7F80_0000 : magnitude))
  }
}
