import SpudErrors

/// The pages of an Ogg file (RFC 3533), whose decoder takes whatever there is: a recording cut short would pass for a
/// whole one, and of recordings one after the other ("chained") it would decode the first.
enum OggFile {
  private static let headerBytes = 27

  /// The recordings of a file: whole pages each.
  static func recordings(in bytes: [UInt8], name: String, remarks: inout [String]) throws -> [[UInt8]] {
    let (continued, startOfStream, endOfStream): (UInt8, UInt8, UInt8) = (1, 2, 4)
    var recordings: [[UInt8]] = []
    var start = 0
    var offset = 0
    // Streams that play together all start before the first of them goes on.
    var isStarting = true
    var isEnded = false
    while let end = pageEnd(in: bytes, at: offset) {
      let flags = bytes[offset + 5]
      if flags & startOfStream != 0, flags & continued == 0, !isStarting {
        recordings.append(Array(bytes[start..<offset]))
        start = offset
      }
      isStarting = flags & startOfStream != 0
      isEnded = flags & endOfStream != 0
      offset = end
    }
    if offset > start { recordings.append(Array(bytes[start..<offset])) }
    guard offset > 0 else {
      throw SpudError(.badData, "\(name): the OGG is damaged or cut short: its first page is not whole")
    }
    if offset < bytes.count {
      let isPage = bytes.hasTag("OggS", at: offset) || bytes.count - offset < 4
      let problem = isPage ? "cut short inside the page" : "damaged: found no page"
      remarks.append("\(name): the OGG is \(problem) at byte \(offset) of \(bytes.count)")
    } else if !isEnded {
      remarks.append("\(name): the OGG is cut short: its last page does not end the stream")
    }
    return recordings
  }

  /// The offset after the page at `offset`; nil if there is none, or not all of one.
  private static func pageEnd(in bytes: [UInt8], at offset: Int) -> Int? {
    guard bytes.hasTag("OggS", at: offset), offset + headerBytes <= bytes.count else { return nil }
    let table = offset + headerBytes
    let content = table + Int(bytes[table - 1])
    guard content <= bytes.count else { return nil }
    let end = bytes[table..<content].reduce(content) { $0 + Int($1) }
    return end <= bytes.count ? end : nil
  }
}
