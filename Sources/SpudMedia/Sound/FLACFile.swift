/// FLAC files one after the other in one file.
enum FLACFile {
  /// The recordings of a file, split before each marker that a stream information block follows. Eight bytes that
  /// look like this do not occur by chance.
  static func recordings(in bytes: [UInt8]) -> [[UInt8]] {
    var starts = [0]
    var offset = 4
    while let found = bytes[offset...].firstIndex(of: UInt8(ascii: "f")) {
      if isStart(bytes, at: found) { starts.append(found) }
      offset = found + 1
    }
    return zip(starts, starts.dropFirst() + [bytes.count]).map { Array(bytes[$0..<$1]) }
  }

  private static func isStart(_ bytes: [UInt8], at offset: Int) -> Bool {
    let informationBytes = 34
    guard bytes.hasTag("fLaC", at: offset), let block = bytes.bigEndian(at: offset + 4, bytes: 4) else { return false }
    // The top bit says that no other block of metadata follows.
    return block & 0x7FFF_FFFF == informationBytes
  }
}
