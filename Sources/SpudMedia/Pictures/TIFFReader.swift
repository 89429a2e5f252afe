/// Numbers in a TIFF structure, which EXIF is too, in the byte order that it declares; nil beyond its end.
struct TIFFReader {
  let bytes: ArraySlice<UInt8>
  private let isBigEndian: Bool

  init?(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    switch Array(bytes.prefix(4)) {
    case [0x49, 0x49, 42, 0]: isBigEndian = false
    case [0x4D, 0x4D, 0, 42]: isBigEndian = true
    default: return nil
    }
  }

  func number(at offset: Int, bytes width: Int) -> Int? {
    isBigEndian ? bytes.bigEndian(at: offset, bytes: width) : bytes.littleEndian(at: offset, bytes: width)
  }

  /// The values of a tag in the first directory, as unsigned numbers of 8, 16 or 32 bits.
  func values(of wanted: Int) -> [Int]? {
    let (entryBytes, inlineBytes) = (12, 4)
    guard let directory = number(at: 4, bytes: 4), let count = number(at: directory, bytes: 2) else { return nil }
    for entry in 0..<count {
      let offset = directory + 2 + entry * entryBytes
      guard let tag = number(at: offset, bytes: 2) else { return nil }
      guard tag == wanted else { continue }
      guard let width = [1: 1, 3: 2, 4: 4][number(at: offset + 2, bytes: 2) ?? 0],
        let valueCount = number(at: offset + 4, bytes: 4), valueCount <= bytes.count,
        let start = valueCount * width <= inlineBytes ? offset + 8 : number(at: offset + 8, bytes: 4)
      else { return nil }
      let values = (0..<valueCount).compactMap { number(at: start + $0 * width, bytes: width) }
      return values.count == valueCount ? values : nil
    }
    return nil
  }
}
