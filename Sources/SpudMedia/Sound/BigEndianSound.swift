/// AIFF, AU and CAF files, whose lengths are mended before `ffmpeg` reads them: written into a pipe they hold none, and
/// a file cut short would pass for a whole one.
enum BigEndianSound {
  /// The file with the lengths that it has; as it is if it is of another kind.
  ///
  /// - Parameter remarks: gains a sentence if less is there than the file announces.
  static func withTrueLengths(_ bytes: [UInt8], name: String, remarks: inout [String]) -> [UInt8] {
    if bytes.hasTag("FORM", at: 0), bytes.hasTag("AIFF", at: 8) || bytes.hasTag("AIFC", at: 8) {
      return aiff(bytes, name: name, remarks: &remarks)
    }
    if bytes.hasTag(".snd", at: 0) { return au(bytes, name: name, remarks: &remarks) }
    return bytes.hasTag("caff", at: 0) ? caf(bytes, name: name, remarks: &remarks) : bytes
  }

  private static func aiff(_ bytes: [UInt8], name: String, remarks: inout [String]) -> [UInt8] {
    var frameBytes = 1
    var common: Int?
    var offset = 12
    while let length = bytes.bigEndian(at: offset + 4, bytes: 4) {
      let content = offset + 8
      if bytes.hasTag("COMM", at: offset), let channels = bytes.bigEndian(at: content, bytes: 2),
        let bits = bytes.bigEndian(at: content + 6, bytes: 2)
      {
        // Compressed kinds are left as they are: a frame of theirs has no bytes of its own.
        let plain = ["NONE", "sowt", "twos", "raw ", "fl32", "FL32", "fl64", "FL64", "alaw", "ulaw"]
        guard length < 22 || plain.contains(where: { bytes.hasTag($0, at: content + 18) }) else { return bytes }
        (common, frameBytes) = (content, max(channels * ((bits + 7) / 8), 1))
      }
      guard bytes.hasTag("SSND", at: offset) else {
        offset = content + length + length % 2
        continue
      }
      guard let common else { return bytes }
      // The chunk starts with an offset and a block size, four bytes each, nearly always zero.
      let (headerBytes, found) = (8, bytes.count - content - 8)
      let announced = length > headerBytes && length < 0x7FFF_0000 ? length - headerBytes : nil
      guard found > 0, announced.map({ $0 > found }) ?? true else { return bytes }
      if let announced { remarks.append(remark("AIFF", name, found: found, announced: announced)) }
      let sound = found / frameBytes * frameBytes
      var mended = Array(bytes.prefix(content + headerBytes + sound))
      mended.replaceSubrange(offset + 4..<offset + 8, with: field(headerBytes + sound))
      mended.replaceSubrange(common + 2..<common + 6, with: field(sound / frameBytes))
      mended.replaceSubrange(4..<8, with: field(mended.count - 8))
      return mended
    }
    return bytes
  }

  private static func au(_ bytes: [UInt8], name: String, remarks: inout [String]) -> [UInt8] {
    guard let start = bytes.bigEndian(at: 4, bytes: 4), let announced = bytes.bigEndian(at: 8, bytes: 4),
      let encoding = bytes.bigEndian(at: 12, bytes: 4), let channels = bytes.bigEndian(at: 20, bytes: 4)
    else { return bytes }
    // The largest number means "to the end".
    guard announced != 0xFFFF_FFFF, 24..<bytes.count ~= start, announced > bytes.count - start else { return bytes }
    remarks.append(remark("AU", name, found: bytes.count - start, announced: announced))
    let sampleBytes = [2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8][encoding] ?? 1
    let frameBytes = max(min(channels, 255), 1) * sampleBytes
    var mended = Array(bytes.prefix(start + (bytes.count - start) / frameBytes * frameBytes))
    mended.replaceSubrange(8..<12, with: field(mended.count - start))
    return mended
  }

  private static func caf(_ bytes: [UInt8], name: String, remarks: inout [String]) -> [UInt8] {
    var offset = 8
    while let length = bytes.bigEndian64(at: offset + 4) {
      let content = offset + 12
      let found = bytes.count - content
      if bytes.hasTag("data", at: offset) {
        // The largest number, −1, means "to the end".
        guard length > found, length < .max else { return bytes }
        remarks.append(remark("CAF", name, found: found, announced: length))
        return Array(bytes[..<(offset + 4)]) + .bigEndian(UInt64(found)) + bytes[content...]
      }
      guard length <= found else { return bytes }
      offset = content + length
    }
    return bytes
  }

  private static func remark(_ kind: String, _ name: String, found: Int, announced: Int) -> String {
    "\(name): the \(kind) is cut short: only \(found) of the \(announced) bytes of sound announced are there"
  }

  private static func field(_ value: Int) -> [UInt8] { .bigEndian(UInt32(truncatingIfNeeded: value)) }
}
