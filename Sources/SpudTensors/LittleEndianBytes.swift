extension Array where Element: FixedWidthInteger {
  /// The elements' bytes, each little-endian, one after the other.
  package var littleEndianBytes: [UInt8] {
    let size = Element.bitWidth / 8
    return unsafe [UInt8](unsafeUninitializedCapacity: count * size) { bytes, initialized in
      let raw = UnsafeMutableRawBufferPointer(bytes)
      for (index, element) in enumerated() {
        // SAFETY: there is room for `count` elements of `size` bytes; integers have no padding.
        unsafe raw.storeBytes(of: element.littleEndian, toByteOffset: index * size, as: Element.self)
      }
      initialized = count * size
    }
  }
}

extension Array<Float> {
  /// The elements' bytes, each little-endian, one after the other.
  package var littleEndianBytes: [UInt8] { map(\.bitPattern).littleEndianBytes }
}
