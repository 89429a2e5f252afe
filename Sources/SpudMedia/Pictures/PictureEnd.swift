/// Files that are cut short, with an end that makes their decoders take what is there.
enum PictureEnd {
  /// - Returns: the file as it is if nothing is known to be missing; otherwise the mended file, and what is missing.
  static func mended(_ bytes: [UInt8]) -> ([UInt8], missing: String?) {
    if bytes.starts(with: "GIF8".utf8) { return gif(bytes) }
    let announced: Int? =
      if bytes.starts(with: "BM".utf8) { bytes.littleEndian(at: 2, bytes: 4) } else { tiffEnd(bytes) }
    // No picture that we accept is larger uncompressed.
    guard let announced, announced > bytes.count, announced <= 128 << 20 else { return (bytes, nil) }
    let missing = "only \(bytes.count) of the \(announced) bytes announced are there"
    return (bytes + [UInt8](repeating: 255, count: announced - bytes.count), missing)
  }

  /// The end of the last strip of a TIFF file.
  private static func tiffEnd(_ bytes: [UInt8]) -> Int? {
    guard let reader = TIFFReader(bytes[...]), let starts = reader.values(of: 273), let counts = reader.values(of: 279)
    else { return nil }
    return zip(starts, counts).map { $0 + $1 }.max()
  }

  /// A GIF whose first picture ends early: the block at hand is made as long as it is, and the picture ended.
  private static func gif(_ bytes: [UInt8]) -> ([UInt8], missing: String?) {
    let missing = "the file ends inside its first picture, and what is missing is white"
    func tableBytes(_ flags: UInt8) -> Int { flags & 0x80 == 0 ? 0 : 3 << (Int(flags & 7) + 1) }
    guard bytes.count > 13 else { return (bytes, nil) }
    var offset = 13 + tableBytes(bytes[10])
    var isPicture = false
    while offset < bytes.count, bytes[offset] != 0x3B {
      switch bytes[offset] {
      case 0x21: offset += 2
      case 0x2C where offset + 10 < bytes.count:
        isPicture = true
        offset += 11 + tableBytes(bytes[offset + 9])
      default: return (bytes, nil)
      }
      while offset < bytes.count, bytes[offset] != 0 {
        let end = offset + 1 + Int(bytes[offset])
        if end > bytes.count, isPicture {
          let rest = bytes[(offset + 1)...]
          return (bytes[..<offset] + [UInt8(rest.count)] + rest + [0, 0x3B], missing)
        }
        offset = end
      }
      if offset >= bytes.count, isPicture { return (bytes + [0, 0x3B], missing) }
      if isPicture { return (bytes, nil) }
      offset += 1
    }
    return (bytes, nil)
  }
}
