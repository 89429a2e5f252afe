import SpudErrors

/// The frames of an MP3 file, and of several one after the other, as radio streams and voice recorders make them.
///
/// Tags between frames are left out. A frame that holds the length of a recording starts a new one, and so does a
/// change of the sampling rate; anything else continues the one before, because its frames may refer back to it.
struct MP3File {
  private let bytes: [UInt8]
  private let name: String
  /// The recording at hand: whole frames.
  private var current: [UInt8] = []
  private var currentKind: [UInt8]?
  private var frameCount = 0
  /// Frames that the recording's first frame announces.
  private var announced: Int?
  private var first: MPEGFrame?
  private var finished: [[UInt8]] = []
  private var remarks: [String] = []
  /// What is left of a last frame that is not whole.
  private var rest: String?

  /// The recordings of a file, each with a first frame that tells its true length.
  ///
  /// - Returns: nil if it does not start as MPEG audio.
  static func recordings(in bytes: [UInt8], name: String, remarks: inout [String]) throws -> [[UInt8]]? {
    var file = MP3File(bytes: bytes, name: name)
    guard try file.readFrames() else { return nil }
    remarks += file.remarks
    return file.finished
  }

  private init(bytes: [UInt8], name: String) {
    self.bytes = bytes
    self.name = name
  }

  private mutating func readFrames() throws -> Bool {
    var offset = 0
    while offset < bytes.count {
      if let end = tagEnd(at: offset) {
        offset = end
      } else if let frame = MPEGFrame(bytes, at: offset) {
        // Frames of "free format" do not tell their length; hardly any file has them.
        guard let length = frame.length else {
          if finished.isEmpty, current.isEmpty { finished = [bytes] } else { finish() }
          return true
        }
        guard offset + length <= bytes.count else {
          guard !current.isEmpty || !finished.isEmpty else { throw notWhole() }
          rest = "\(bytes.count - offset) of the \(length) bytes of its last frame are there"
          break
        }
        append(frame, bytes[offset..<offset + length])
        offset += length
      } else {
        guard currentKind != nil || bytes[offset] == 0 else {
          // Something else that a tag precedes, such as FLAC.
          return false
        }
        offset = try skip(from: offset)
      }
    }
    guard currentKind != nil else { return false }
    finish()
    return true
  }

  /// The offset of the next frame, after what is none. Zeros are padding, anything else is damage.
  private mutating func skip(from start: Int) throws -> Int {
    var offset = start
    while offset < bytes.count, bytes[offset] == 0 { offset += 1 }
    if offset == bytes.count || tagEnd(at: offset) != nil || isFrame(at: offset) { return offset }
    while offset < bytes.count, tagEnd(at: offset) == nil, !isFrame(at: offset) { offset += 1 }
    remarks.append(
      "\(name): the MP3 is damaged: \(offset - start) bytes at byte \(start) are no frame, and are left out")
    return offset
  }

  /// Whether a frame starts here, followed by another of its kind or by the end: its first bytes alone occur by chance.
  private func isFrame(at offset: Int) -> Bool {
    guard let frame = MPEGFrame(bytes, at: offset), let length = frame.length else { return false }
    return offset + length == bytes.count || MPEGFrame(bytes, at: offset + length)?.kind == frame.kind
  }

  /// The offset after the tag that starts at `offset`; nil if there is none.
  private func tagEnd(at offset: Int) -> Int? {
    if bytes.hasTag("ID3", at: offset), offset + 10 <= bytes.count {
      // Four times seven bits.
      let length = bytes[offset + 6..<offset + 10].reduce(0) { $0 << 7 | Int($1 & 0x7F) }
      return min(offset + 10 + length, bytes.count)
    }
    if bytes.hasTag("TAG+", at: offset) { return min(offset + 227, bytes.count) }
    if bytes.hasTag("TAG", at: offset) { return min(offset + 128, bytes.count) }
    if bytes.hasTag("APETAGEX", at: offset), let length = bytes.littleEndian(at: offset + 12, bytes: 4),
      let flags = bytes.littleEndian(at: offset + 20, bytes: 4)
    {
      // The length counts what follows this header, or, if this is the footer of a tag already passed, nothing more.
      let isHeader = flags & 1 << 29 != 0
      return min(offset + 32 + (isHeader ? length : 0), bytes.count)
    }
    if bytes.hasTag("LYRICSBEGIN", at: offset) {
      let rest = bytes[offset...]
      return rest.firstRange(of: Array("LYRICS200".utf8))?.upperBound ?? bytes.count
    }
    return nil
  }

  private mutating func append(_ frame: MPEGFrame, _ content: ArraySlice<UInt8>) {
    let length = Self.announcedLength(in: content, frame)
    if length != nil || frame.kind != currentKind {
      finish()
      currentKind = frame.kind
      first = frame
      announced = length
      current = Array(content)
      frameCount = length == nil ? 1 : 0
    } else {
      current += content
      frameCount += 1
    }
  }

  /// Closes the recording at hand, if there is one.
  private mutating func finish() {
    defer { (current, currentKind) = ([], nil) }
    guard let first, currentKind != nil else { return }
    if let announced, frameCount + 1 < announced {
      func seconds(_ frames: Int) -> String {
        Remarks.seconds(Double(frames * first.sampleCount) / Double(first.sampleRate))
      }
      remarks.append(
        "\(name): the MP3 is cut short: only \(seconds(frameCount)) of the \(seconds(announced)) seconds announced "
          + "are there")
    } else if let rest {
      remarks.append("\(name): the MP3 is cut short: \(rest)")
    }
    if frameCount > 0 { finished.append(first.layer == 3 ? withLength(first) : current) }
  }

  /// The recording with its number of frames and bytes in its first frame, which is made if there is none: without,
  /// the decoder estimates the length and stops there.
  private func withLength(_ first: MPEGFrame) -> [UInt8] {
    var recording = current
    var tag = first.headerBytes
    if announced == nil {
      // Bit rate 9 of the table makes a frame that is large enough, of any version. No checksum follows the header.
      var header = Array(current.prefix(4))
      (header[1], header[2]) = (header[1] | 1, header[2] & 0x0D | 0x90)
      guard let length = MPEGFrame(header, at: 0)?.length else { return current }
      recording = header + [UInt8](repeating: 0, count: length - 4) + current
      recording.replaceSubrange(tag..<tag + 4, with: "Xing".utf8)
      recording[tag + 7] = 3
    } else if !["Xing", "Info"].contains(where: { recording.hasTag($0, at: tag) }) {
      // Fraunhofer's form: bytes, then frames.
      tag = 36
      recording.replaceSubrange(
        tag + 10..<tag + 14, with: [UInt8].bigEndian(UInt32(truncatingIfNeeded: recording.count)))
      recording.replaceSubrange(tag + 14..<tag + 18, with: [UInt8].bigEndian(UInt32(truncatingIfNeeded: frameCount)))
      return recording
    }
    recording.replaceSubrange(tag + 8..<tag + 12, with: [UInt8].bigEndian(UInt32(truncatingIfNeeded: frameCount)))
    if recording[tag + 7] & 2 != 0 {
      let byteCount = UInt32(truncatingIfNeeded: recording.count)
      recording.replaceSubrange(tag + 12..<tag + 16, with: [UInt8].bigEndian(byteCount))
    }
    return recording
  }

  /// The number of frames that follow, if this frame holds it instead of sound.
  private static func announcedLength(in content: ArraySlice<UInt8>, _ frame: MPEGFrame) -> Int? {
    guard frame.layer == 3 else { return nil }
    let tag = frame.headerBytes
    if content.hasTag("Xing", at: tag) || content.hasTag("Info", at: tag),
      let flags = content.bigEndian(at: tag + 4, bytes: 4), flags & 1 != 0, tag + 16 <= content.count
    {
      return content.bigEndian(at: tag + 8, bytes: 4)
    }
    return content.hasTag("VBRI", at: 36) ? content.bigEndian(at: 50, bytes: 4) : nil
  }

  private func notWhole() -> SpudError {
    SpudError(.badData, "\(name): the MP3 is cut short: not even its first frame is whole")
  }
}
