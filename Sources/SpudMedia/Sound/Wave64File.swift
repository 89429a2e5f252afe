import SpudErrors

/// Sony Wave64: WAV whose chunks have 16-byte names and 64-bit lengths, which count the chunk's header too.
enum Wave64File {
  private static let headerBytes = 24
  /// What follows the four letters in the names of all chunks but the first.
  private static let suffix: [UInt8] = [0xF3, 0xAC, 0xD3, 0x11, 0x8C, 0xD1, 0x00, 0xC0, 0x4F, 0x8E, 0xDB, 0x8A]

  static func isWave64(_ bytes: [UInt8]) -> Bool {
    bytes.hasTag("riff", at: 0) && isChunk("wave", bytes, at: headerBytes)
  }

  /// The recording, as a plain WAV file.
  static func recording(in bytes: [UInt8], name: String, remarks: inout [String]) throws -> [UInt8] {
    var (format, fact): (ArraySlice<UInt8>?, ArraySlice<UInt8>?)
    var offset = headerBytes + 16
    while let length = bytes.littleEndian64(at: offset + 16) {
      let content = offset + headerBytes
      let found = bytes.count - content
      // Written into a pipe, the length is that of the header alone, 0, or the largest number.
      let announced = length > headerBytes && length < .max ? length - headerBytes : nil
      if isChunk("data", bytes, at: offset) {
        guard let format else { break }
        let count = min(announced ?? found, found)
        if let announced, count < announced, announced < 1 << 48 {
          remarks.append(WAVFile.remark("W64", name, found: count, announced: announced, format: format))
        }
        return WAVFile.file(format: format, fact: fact, sound: bytes[content..<content + count])
      }
      guard length >= headerBytes, length <= bytes.count - offset else { break }
      let chunk = bytes[content..<offset + length]
      if isChunk("fmt ", bytes, at: offset) { format = chunk }
      if isChunk("fact", bytes, at: offset) { fact = chunk }
      // Chunks start at multiples of eight.
      offset += (length + 7) / 8 * 8
    }
    throw SpudError(.badData, "\(name): the W64 is damaged or cut short: found no sound chunk after its format")
  }

  private static func isChunk(_ tag: String, _ bytes: [UInt8], at offset: Int) -> Bool {
    bytes.hasTag(tag, at: offset) && offset + 16 <= bytes.count && bytes[offset + 4..<offset + 16] == suffix[...]
  }
}
