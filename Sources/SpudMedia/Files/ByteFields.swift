/// Numbers and tags in the headers of files. Each answer is nil where the field goes beyond the end.
extension RandomAccessCollection where Element == UInt8, Index == Int {
  /// The unsigned number of `width` bytes, at most 7, at `offset` from the start, least significant byte first.
  func littleEndian(at offset: Int, bytes width: Int) -> Int? {
    field(at: offset, bytes: width).map { $0.reversed().reduce(0) { $0 << 8 | Int($1) } }
  }

  /// The unsigned number of `width` bytes, at most 7, at `offset` from the start, most significant byte first.
  func bigEndian(at offset: Int, bytes width: Int) -> Int? {
    field(at: offset, bytes: width).map { $0.reduce(0) { $0 << 8 | Int($1) } }
  }

  /// An unsigned 64-bit number, least significant byte first; `Int.max` if it is larger than that.
  func littleEndian64(at offset: Int) -> Int? {
    field(at: offset, bytes: 8).map { bytes in
      Int(clamping: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
  }

  /// An unsigned 64-bit number, most significant byte first; `Int.max` if it is larger than that.
  func bigEndian64(at offset: Int) -> Int? {
    field(at: offset, bytes: 8).map { bytes in Int(clamping: bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }) }
  }

  /// Whether the ASCII characters of `tag` are found at `offset` from the start.
  func hasTag(_ tag: String, at offset: Int) -> Bool {
    field(at: offset, bytes: tag.utf8.count).map { $0.elementsEqual(tag.utf8) } ?? false
  }

  private func field(at offset: Int, bytes width: Int) -> SubSequence? {
    guard offset >= 0, offset <= count - width else { return nil }
    return self[startIndex + offset..<startIndex + offset + width]
  }
}

extension [UInt8] {
  /// The bytes of `value`, least significant first.
  static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// The bytes of `value`, most significant first.
  static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    littleEndian(value).reversed()
  }
}
