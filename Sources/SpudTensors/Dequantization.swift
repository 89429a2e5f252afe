internal import CSpudBlocks
internal import SpudErrors

/// Elements as floats, by the definition of each type.
package enum Dequantization {
  /// The elements of `bytes`, in order.
  ///
  /// - Parameters:
  ///   - bytes: Whole blocks of `type`.
  ///   - type: How the elements are stored.
  ///   - name: What to call the bytes in an error.
  /// - Throws: `SpudError.badData` for a type that weights cannot have, or half a block.
  package static func floats(of bytes: RawSpan, _ type: ElementType, name: String) throws -> [Float] {
    guard let encoding = type.encoding else {
      let choices = ElementType.readable.map(\.rawValue).joined(separator: ", ")
      throw SpudError(.badData, "\(name): has elements of type \(type), but weights can be \(choices)")
    }
    let blockBytes = type.blockBitCount / 8
    guard bytes.byteCount % blockBytes == 0 else {
      throw SpudError(.badData, "\(name): \(bytes.byteCount) bytes are no whole number of blocks of \(type)")
    }
    let count = bytes.byteCount / blockBytes * type.blockLength
    guard count > 0 else { return [] }
    return unsafe bytes.withUnsafeBytes { source in
      unsafe [Float](unsafeUninitializedCapacity: count) { output, initialized in
        if let from = source.baseAddress, let to = output.baseAddress {
          // SAFETY: the source is whole blocks of `count` elements, and the output has room for as many.
          unsafe spud_decode_row(encoding, from.assumingMemoryBound(to: UInt8.self), Int64(count), to)
        }
        initialized = count
      }
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
