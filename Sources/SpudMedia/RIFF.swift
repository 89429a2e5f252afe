import SpudErrors

extension Waveform {
  /// The name of the sound format that `bytes` start as, if it is one that libsndfile should open.
  static func knownKind(_ bytes: [UInt8]) -> String? {
    switch String(decoding: bytes.prefix(4), as: UTF8.self) {
    case "RIFF": hasTag("WAVE", bytes, at: 8) || bytes.count < 12 ? "WAV" : nil
    case "RF64": "WAV"
    case "fLaC": "FLAC"
    case "OggS": "OGG"
    default: nil
    }
  }

  /// Refuses a WAV file whose sound chunk announces more than the file holds. libsndfile would silently
  /// shorten it, and a recording cut short would pass for a whole one.
  ///
  /// Programs that write WAV into a pipe cannot know the length, and write a very large one: such a length
  /// means "to the end".
  static func checkRIFFLengths(_ bytes: [UInt8], name: String) throws {
    guard hasTag("RIFF", bytes, at: 0), hasTag("WAVE", bytes, at: 8) else { return }
    let unknownLength = 0x7FFF_F000
    var offset = 12
    while offset + 8 <= bytes.count {
      let length = (0..<4).reduce(0) { $0 | Int(bytes[offset + 4 + $1]) << (8 * $1) }
      let found = bytes.count - offset - 8
      if hasTag("data", bytes, at: offset) {
        guard length <= found || length >= unknownLength else {
          throw SpudError(
            .badData, "\(name): the WAV is cut short: found \(found) bytes of sound, expected \(length)")
        }
        return
      }
      // Chunks start at even offsets.
      offset += 8 + length + length % 2
    }
  }

  private static func hasTag(_ tag: String, _ bytes: [UInt8], at offset: Int) -> Bool {
    bytes.dropFirst(offset).prefix(4).elementsEqual(tag.utf8)
  }
}
