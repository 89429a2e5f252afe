internal import SpudErrors
package import SpudTensors

/// A ZIP file whose members are stored as they are: a directory of small files in one.
///
/// Format: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory) and 4.3.16 (its end).
/// Not read: compressed or encrypted members, ZIP64, and archives in several parts. Nothing is indexed when the file is
/// opened: finding a member takes one pass over the central directory.
package final class ZipArchive: Sendable {
  /// A member's entry in the central directory.
  private struct Entry {
    var isEncrypted: Bool
    var method: Int
    var checksum: UInt32
    var storedSize: Int
    var size: Int
    var name: Range<Int>
    var header: Int
  }

  private static let endSignature = 0x0605_4B50
  private static let entrySignature = 0x0201_4B50
  private static let headerSignature = 0x0403_4B50
  /// Bytes of the fixed parts of the three records.
  private static let endLength = 22
  private static let entryLength = 46
  private static let headerLength = 30

  private let file: MappedFile
  private let directory: Range<Int>
  private let count: Int

  /// - Throws: `noInput` when there is no such file, `badData` when it is no archive of this kind.
  package convenience init(path: String) throws {
    try self.init(MappedFile(path: path))
  }

  package init(_ file: MappedFile) throws {
    self.file = file
    // A comment of up to 65,535 bytes may follow the record.
    let last = file.byteCount - Self.endLength
    let first = max(0, last - Int(UInt16.max))
    guard last >= 0,
      let end = (first...last).reversed().first(where: { Self.long($0, of: file) == Self.endSignature })
    else {
      throw SpudError(.badData, "\(file.name): is not a ZIP file: there is no end of a central directory in it")
    }
    let disks = Self.long(end + 4, of: file)
    let count = Self.word(end + 10, of: file)
    let size = Self.long(end + 12, of: file)
    let start = Self.long(end + 16, of: file)
    guard disks == 0, count < UInt16.max, start + size <= end else {
      throw SpudError(
        .badData,
        "\(file.name): \(count) members, listed in \(size) bytes from byte \(start), do not fit in a ZIP file of "
          + "\(file.byteCount) bytes in one part")
    }
    self.count = count
    directory = start..<start + size
  }

  /// The bytes of a member, checked against their checksum; nil when there is none of that name.
  ///
  /// - Parameter limit: the most bytes that it may hold.
  /// - Throws: `badData` when it is not stored as it is, is longer than `limit`, or is damaged.
  package func bytes(of name: String, limit: Int) throws -> [UInt8]? {
    let wanted = Array(name.utf8)
    var found: Entry?
    try forEachEntry { entry in
      guard matches(entry.name, wanted) else { return true }
      found = entry
      return false
    }
    guard let entry = found else { return nil }
    return try content(of: entry, called: name, limit: limit)
  }

  /// The names of all members, in the order of the central directory.
  package func names() throws -> [String] {
    let file = file
    var names: [String] = []
    try forEachEntry { entry in
      names.append(String(decoding: entry.name.map { file.span[$0] }, as: UTF8.self))
      return true
    }
    return names
  }

  /// Goes through the central directory until `body` returns false.
  private func forEachEntry(_ body: (Entry) -> Bool) throws {
    var position = directory.lowerBound
    for number in 0..<count {
      guard position + Self.entryLength <= directory.upperBound,
        long(position) == Self.entrySignature
      else { throw damaged("member \(number + 1) of \(count) is not where the one before ends") }
      let name = position + Self.entryLength..<position + Self.entryLength + word(position + 28)
      let next = name.upperBound + word(position + 30) + word(position + 32)
      guard next <= directory.upperBound else {
        throw damaged("member \(number + 1) of \(count) reaches beyond the central directory")
      }
      let entry = Entry(
        isEncrypted: word(position + 8) & 1 == 1, method: word(position + 10),
        checksum: UInt32(long(position + 16)), storedSize: long(position + 20), size: long(position + 24),
        name: name, header: long(position + 42))
      guard body(entry) else { return }
      position = next
    }
  }

  private func content(of entry: Entry, called name: String, limit: Int) throws -> [UInt8] {
    guard entry.method == 0, !entry.isEncrypted, entry.storedSize == entry.size else {
      throw damaged("'\(name)' is compressed or encrypted, but only members that are stored as they are can be read")
    }
    guard entry.size <= limit else {
      throw damaged("'\(name)' holds \(entry.size) bytes, but at most \(limit) are accepted")
    }
    guard entry.header + Self.headerLength <= directory.lowerBound,
      long(entry.header) == Self.headerSignature
    else { throw damaged("'\(name)' is not at byte \(entry.header), where the central directory has it") }
    let nameLength = word(entry.header + 26)
    let extraLength = word(entry.header + 28)
    let start = entry.header + Self.headerLength + nameLength + extraLength
    guard start + entry.size <= directory.lowerBound else {
      throw damaged("'\(name)' has \(entry.size) bytes from byte \(start), which reach into the central directory")
    }
    let file = file
    let span = file.span.extracting(start..<start + entry.size)
    var content: [UInt8] = []
    content.reserveCapacity(span.count)
    for index in span.indices { content.append(span[index]) }
    guard Self.checksum(content) == entry.checksum else {
      throw damaged("'\(name)' is damaged: its bytes do not have the checksum that the archive gives")
    }
    return content
  }

  private static func word(_ offset: Int, of file: MappedFile) -> Int {
    Int(file.bytes.loadLittleEndian(fromByteOffset: offset, as: UInt16.self))
  }

  private static func long(_ offset: Int, of file: MappedFile) -> Int {
    Int(file.bytes.loadLittleEndian(fromByteOffset: offset, as: UInt32.self))
  }

  private func word(_ offset: Int) -> Int { Self.word(offset, of: file) }

  private func long(_ offset: Int) -> Int { Self.long(offset, of: file) }

  private func matches(_ range: Range<Int>, _ bytes: [UInt8]) -> Bool {
    guard range.count == bytes.count else { return false }
    let file = file
    // Names of one archive begin alike: their ends tell them apart sooner.
    for index in bytes.indices.reversed() where file.span[range.lowerBound + index] != bytes[index] { return false }
    return true
  }

  private func damaged(_ what: String) -> SpudError { SpudError(.badData, "\(file.name): \(what)") }

  /// CRC-32 with the reflected polynomial 0xEDB88320.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var value = UInt32.max
    for byte in bytes { value = table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8 }
    return ~value
  }

  private static let table: [UInt32] = (0..<256 as Range<UInt32>).map { index in
    (0..<8).reduce(index) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
  }
}
