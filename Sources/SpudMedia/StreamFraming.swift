import SpudErrors

/// The outer structure of formats that say nowhere how long they are. Their decoders take whatever there is, so a
/// recording cut short would pass for a whole one, and libsndfile's MP3 decoder comments on damage on standard error.
enum StreamFraming {
  /// Checks that a file consists of whole Ogg pages, the last of which ends its stream (RFC 3533).
  static func checkOgg(_ bytes: [UInt8], name: String) throws {
    let (headerBytes, endOfStream): (Int, UInt8) = (27, 4)
    var offset = 0
    var isEnded = false
    while offset < bytes.count {
      guard bytes[offset...].starts(with: "OggS".utf8) else {
        throw SpudError(.badData, "\(name): the OGG is damaged: found no page at byte \(offset)")
      }
      guard offset + headerBytes <= bytes.count else { throw cutShort("OGG", name, "page", at: offset) }
      isEnded = bytes[offset + 5] & endOfStream != 0
      let table = offset + headerBytes
      let content = table + Int(bytes[table - 1])
      guard content <= bytes.count else { throw cutShort("OGG", name, "page", at: offset) }
      let end = bytes[table..<content].reduce(content) { $0 + Int($1) }
      guard end <= bytes.count else { throw cutShort("OGG", name, "page", at: offset) }
      offset = end
    }
    guard isEnded else {
      throw SpudError(.badData, "\(name): the OGG is cut short: its last page does not end the stream")
    }
  }

  /// Checks that an MPEG audio file consists of whole frames of one kind, between tags.
  ///
  /// - Returns: false if it does not start as MPEG audio.
  static func checkMPEG(_ bytes: [UInt8], name: String) throws -> Bool {
    let start = afterID3(bytes)
    guard let first = MPEGFrame(bytes, at: start) else { return false }
    var offset = start
    while offset < bytes.count, !isEnd(bytes[offset...]) {
      guard let frame = MPEGFrame(bytes, at: offset), frame.kind == first.kind else {
        throw SpudError(.badData, "\(name): the MP3 is damaged: found no frame at byte \(offset)")
      }
      // Frames of "free format" do not tell their length; hardly any file has them.
      guard let length = frame.length else { return true }
      guard offset + length <= bytes.count else { throw cutShort("MP3", name, "frame", at: offset) }
      offset += length
    }
    return true
  }

  /// Whether the sound ends here: a tag follows, or nothing but zeros.
  private static func isEnd(_ rest: ArraySlice<UInt8>) -> Bool {
    if ["TAG", "ID3", "APETAGEX", "LYRICSBEGIN"].contains(where: { rest.starts(with: $0.utf8) }) { return true }
    return rest.first == 0 && rest.allSatisfy { $0 == 0 }
  }

  /// The offset after an ID3v2 tag, whose length is four times seven bits.
  private static func afterID3(_ bytes: [UInt8]) -> Int {
    let headerBytes = 10
    guard bytes.starts(with: "ID3".utf8), bytes.count >= headerBytes else { return 0 }
    return bytes[6..<10].reduce(0) { $0 << 7 | Int($1 & 0x7F) } + headerBytes
  }

  private static func cutShort(_ format: String, _ name: String, _ part: String, at offset: Int) -> SpudError {
    SpudError(.badData, "\(name): the \(format) is cut short: the \(part) at byte \(offset) goes beyond the end")
  }
}

/// The header of an MPEG audio frame (ISO/IEC 11172-3 and 13818-3).
private struct MPEGFrame {
  /// What all frames of a file have in common: version, layer and sampling rate.
  let kind: [UInt8]
  /// Bytes of the frame with its header; nil if the header does not say.
  let length: Int?

  init?(_ bytes: [UInt8], at offset: Int) {
    guard offset >= 0, offset + 4 <= bytes.count, bytes[offset] == 0xFF, bytes[offset + 1] & 0xE0 == 0xE0 else {
      return nil
    }
    let (second, third) = (bytes[offset + 1], bytes[offset + 2])
    let (version, layer) = (Int(second >> 3 & 3), 4 - Int(second >> 1 & 3))
    let (rateIndex, sampling, padding) = (Int(third >> 4), Int(third >> 2 & 3), Int(third >> 1 & 1))
    guard version != 1, layer != 4, rateIndex != 15, sampling != 3 else { return nil }
    kind = [second & 0xFE, third & 0x0C]
    guard rateIndex > 0 else {
      length = nil
      return
    }
    // Version 3 is MPEG-1, 2 is MPEG-2 (half the sampling rate), 0 is MPEG-2.5 (a quarter).
    let isFirst = version == 3
    let samplingRate = [44_100, 48_000, 32_000][sampling] / (isFirst ? 1 : version == 2 ? 2 : 4)
    let bitRate = Self.bitRates[isFirst ? layer - 1 : layer == 1 ? 3 : 4][rateIndex - 1] * 1_000
    switch layer {
    case 1: length = (12 * bitRate / samplingRate + padding) * 4
    case 3 where !isFirst: length = 72 * bitRate / samplingRate + padding
    default: length = 144 * bitRate / samplingRate + padding
    }
  }

  /// In kilobits per second: MPEG-1 layers I, II and III, then MPEG-2 layer I, and its layers II and III.
  private static let bitRates = [
    [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  ]
}
