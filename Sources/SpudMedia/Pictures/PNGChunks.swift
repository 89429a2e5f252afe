/// The chunks of a PNG file.
enum PNGChunks {
  /// Length and name before the content of a chunk, and the checksum after it.
  private static let (headerBytes, checksumBytes) = (8, 4)

  /// The content of the first whole chunk of that name.
  static func content(of name: String, in bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var offset = RGBImage.pngSignature.count
    while let length = bytes.bigEndian(at: offset, bytes: 4) {
      let content = offset + headerBytes
      guard length <= bytes.count - content else { return nil }
      if bytes.hasTag(name, at: offset + 4) { return bytes[content..<content + length] }
      offset = content + length + checksumBytes
    }
    return nil
  }

  /// A file that ends inside pixel data, with that chunk made a whole one: libpng would lose up to 4 KiB of it.
  static func ended(_ bytes: [UInt8]) -> [UInt8] {
    var offset = RGBImage.pngSignature.count
    while let length = bytes.bigEndian(at: offset, bytes: 4) {
      let content = offset + headerBytes
      let found = bytes.count - content
      if length + checksumBytes > found {
        guard bytes.hasTag("IDAT", at: offset + 4), found > 0 else { return bytes }
        let chunk = bytes[offset + 4..<content + min(found, length)]
        let count = [UInt8].bigEndian(UInt32(truncatingIfNeeded: chunk.count - 4))
        return bytes[..<offset] + count + chunk + .bigEndian(checksum(chunk))
      }
      offset = content + length + checksumBytes
    }
    return bytes
  }

  /// CRC-32 as PNG defines it.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
  }
}
