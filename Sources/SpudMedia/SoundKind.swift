import SpudErrors

/// The formats that libsndfile decodes for us, known by their first bytes.
enum SoundKind: String {
  case wav = "WAV"
  case flac = "FLAC"
  case ogg = "OGG"
  case mp3 = "MP3"

  init?(_ bytes: [UInt8]) {
    let isMPEG = bytes.count >= 2 && bytes[0] == 0xFF && bytes[1] & 0xE0 == 0xE0
    switch String(decoding: bytes.prefix(4), as: UTF8.self) {
    case "RIFF" where bytes.count < 12 || Waveform.hasTag("WAVE", bytes, at: 8): self = .wav
    case "RF64": self = .wav
    case "fLaC": self = .flac
    case "OggS": self = .ogg
    case let start where start.hasPrefix("ID3") || isMPEG: self = .mp3
    default: return nil
    }
  }
}

extension Waveform {
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

  fileprivate static func hasTag(_ tag: String, _ bytes: [UInt8], at offset: Int) -> Bool {
    bytes.dropFirst(offset).prefix(4).elementsEqual(tag.utf8)
  }
}
