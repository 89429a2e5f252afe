extension Array where Element: FixedWidthInteger {
  /// The elements' bytes, each little-endian, one after the other.
  package var littleEndianBytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * Element.bitWidth / 8)
    for element in self {
      var rest = element.littleEndian
      for _ in 0..<Element.bitWidth / 8 {
        bytes.append(UInt8(truncatingIfNeeded: rest))
        rest = Element.bitWidth > 8 ? rest >> 8 : 0
      }
    }
    return bytes
  }
}

extension Array<Float> {
  /// The elements' bytes, each little-endian, one after the other.
  package var littleEndianBytes: [UInt8] { map(\.bitPattern).littleEndianBytes }
}
