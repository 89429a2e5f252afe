import SpudErrors

/// The chunks of a WAV file: RIFF, or RF64 (EBU Tech 3306), which has 64-bit lengths.
enum WAVFile {
  /// The recordings of a file, usually one, each as a plain WAV file whose lengths are true.
  ///
  /// A program that writes WAV into a pipe cannot go back to fill in the length, and leaves 0 or a very large number:
  /// such a sound lasts to the end of the file.
  static func recordings(in bytes: [UInt8], name: String, remarks: inout [String]) throws -> [[UInt8]] {
    var recordings: [[UInt8]] = []
    var offset = 0
    while offset < bytes.count, recordings.isEmpty || isStart(bytes, at: offset) {
      let (recording, end) = try recording(in: bytes, at: offset, name: name, remarks: &remarks)
      recordings.append(recording)
      offset = end
    }
    return recordings
  }

  /// A WAV file of these chunks.
  static func file(format: ArraySlice<UInt8>, fact: ArraySlice<UInt8>?, sound: ArraySlice<UInt8>) -> [UInt8] {
    var content = Array("WAVE".utf8)
    for (tag, chunk) in [("fmt ", format), ("fact", fact ?? []), ("data", sound)] where tag != "fact" || fact != nil {
      content += Array(tag.utf8) + .littleEndian(UInt32(truncatingIfNeeded: chunk.count)) + chunk
      if chunk.count % 2 == 1 { content.append(0) }
    }
    return Array("RIFF".utf8) + .littleEndian(UInt32(truncatingIfNeeded: content.count)) + content
  }

  /// Says how much is there of a sound that is cut short, in seconds where the format chunk tells the rate.
  static func remark(_ kind: String, _ name: String, found: Int, announced: Int, format: ArraySlice<UInt8>) -> String {
    guard let rate = format.littleEndian(at: 8, bytes: 4), rate > 0 else {
      return "\(name): the \(kind) is cut short: only \(found) of the \(announced) bytes of sound announced are there"
    }
    func seconds(_ count: Int) -> String { Remarks.seconds(Double(count) / Double(rate)) }
    return "\(name): the \(kind) is cut short: only \(seconds(found)) of the \(seconds(announced)) seconds announced "
      + "are there"
  }

  private static func isStart(_ bytes: [UInt8], at offset: Int) -> Bool {
    ["RIFF", "RF64", "BW64"].contains { bytes.hasTag($0, at: offset) } && bytes.hasTag("WAVE", at: offset + 8)
  }

  /// The recording that starts at `start`, and the offset after it.
  private static func recording(
    in bytes: [UInt8], at start: Int, name: String, remarks: inout [String]
  ) throws -> ([UInt8], end: Int) {
    var (format, fact): (ArraySlice<UInt8>?, ArraySlice<UInt8>?)
    var longLength: Int?
    var offset = start + 12
    while offset + 8 <= bytes.count, let length = bytes.littleEndian(at: offset + 4, bytes: 4) {
      let content = offset + 8
      let found = bytes.count - content
      if bytes.hasTag("data", at: offset) {
        guard let format else { break }
        // RF64 keeps the real length elsewhere, and has the largest number here.
        let announced = length == unknown ? longLength ?? unknown : length
        let count = soundLength(in: bytes, at: content, announced: announced)
        if count < announced, announced < likelyUnknown {
          remarks.append(remark("WAV", name, found: count, announced: announced, format: format))
        }
        let sound = bytes[content..<content + count]
        return (file(format: format, fact: fact, sound: sound), end(in: bytes, after: content + count + count % 2))
      }
      guard length <= found else { break }
      let chunk = bytes[content..<content + length]
      if bytes.hasTag("fmt ", at: offset) { format = chunk }
      if bytes.hasTag("fact", at: offset) { fact = chunk }
      if bytes.hasTag("ds64", at: offset) { longLength = chunk.littleEndian64(at: 8) }
      // Chunks start at even offsets.
      offset = content + length + length % 2
    }
    throw SpudError(.badData, "\(name): the WAV is damaged or cut short: found no sound chunk after its format")
  }

  private static let unknown = 0xFFFF_FFFF
  /// No file that we accept is as long: so large a length means "to the end".
  private static let likelyUnknown = 0x7FFF_F000

  /// Bytes of the sound that starts at `start`.
  private static func soundLength(in bytes: [UInt8], at start: Int, announced: Int) -> Int {
    let found = bytes.count - start
    // No sound, then other chunks, is a file without sound; no sound, then anything else, is a length never filled in.
    if announced == 0 { return isStart(bytes, at: start) || areChunks(bytes, from: start) ? 0 : found }
    return min(announced, found)
  }

  /// Whether chunks with printable names reach from `start` to the end exactly.
  private static func areChunks(_ bytes: [UInt8], from start: Int) -> Bool {
    var offset = start
    while offset < bytes.count {
      guard let length = bytes.littleEndian(at: offset + 4, bytes: 4),
        bytes[offset..<offset + 4].allSatisfy({ 0x20...0x7E ~= $0 }), length <= bytes.count - offset - 8
      else { return false }
      offset += 8 + length + length % 2
    }
    return true
  }

  /// The offset after the chunks that follow a sound.
  private static func end(in bytes: [UInt8], after sound: Int) -> Int {
    var offset = sound
    while offset < bytes.count, !isStart(bytes, at: offset), let length = bytes.littleEndian(at: offset + 4, bytes: 4) {
      offset += 8 + length + length % 2
    }
    return offset
  }
}
