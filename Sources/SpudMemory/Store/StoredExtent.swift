internal import SpudErrors

/// One sealed message in a segment: some pages that follow each other in a sequence, a conversation's ids, or an
/// answer.
///
/// Everything here but the place, the key and the time of use is bound to the message by its associated data.
package struct StoredExtent: Sendable, Equatable {
  enum Kind: UInt8, Sendable {
    case pages = 1
    case session = 2
    case answer = 3
  }

  /// Random; names it within its store.
  package var identity: UInt64
  var kind: Kind
  /// Whose it is.
  var tenant: String
  /// What model, cache format and layout the pages belong to.
  var fingerprint: Digest
  /// The place of the first block, of 32 ids, in its sequence.
  var firstBlock: Int
  /// The chain hash before the first block.
  var before: Digest
  /// The chain hash after each block, `[blocks, 32]`.
  var hashes: [UInt8]
  var layerCount: Int
  /// Bytes of one page.
  var pageBytes: Int
  /// Whether it was the last of those that were sealed together.
  var isLast: Bool
  /// Bytes sealed, without padding.
  var payload: Int

  // Where it is.
  var segment: UInt32 = 0
  var offset = 0
  var wrappedKey: [UInt8] = []
  /// When it was last of use, in milliseconds since 1970.
  var used: UInt64 = 0

  var blockCount: Int { hashes.count / Digest.byteCount }
  var blocks: Range<Int> { firstBlock..<firstBlock + blockCount }
  /// Bytes that it takes in its segment: nonce, ciphertext, tag, in whole blocks.
  var length: Int { Self.length(payload: payload) }
  var range: Range<Int> { offset..<offset + length }

  static func length(payload: Int) -> Int {
    let block = StoreLayout.blockLength
    return (payload + Cipher.overhead + block - 1) / block * block
  }

  func hash(after index: Int) -> Digest {
    Digest(hashes[index * Digest.byteCount..<(index + 1) * Digest.byteCount])
  }

  /// What the message is bound to.
  func associated(store identity: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    writer.put("spud memory, extent")
    writer.put(StoreHeader.version)
    writer.put(raw: identity)
    putContent(to: &writer)
    return writer.bytes
  }

  /// What its key is bound to.
  func keyAssociated(store identity: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    writer.put("spud memory, extent's key")
    writer.put(raw: identity)
    writer.put(self.identity)
    writer.put(tenant)
    return writer.bytes
  }

  private func putContent(to writer: inout ByteWriter) {
    writer.put(identity)
    writer.put(kind.rawValue)
    writer.put(tenant)
    writer.put(raw: fingerprint.bytes)
    writer.put(UInt32(firstBlock))
    writer.put(raw: before.bytes)
    writer.put(counted: hashes)
    writer.put(UInt32(layerCount))
    writer.put(UInt32(pageBytes))
    writer.put(UInt8(isLast ? 1 : 0))
    writer.put(UInt64(payload))
  }

  func put(to writer: inout ByteWriter) {
    putContent(to: &writer)
    writer.put(segment)
    writer.put(UInt64(offset))
    writer.put(counted: wrappedKey)
    writer.put(used)
  }
}

extension StoredExtent {
  init(_ reader: inout ByteReader) throws {
    identity = try reader.number()
    let rawKind = try reader.number(UInt8.self)
    guard let kind = Kind(rawValue: rawKind) else {
      throw SpudError(.badData, "a store's manifest names an extent of kind \(rawKind), expected 1 to 3")
    }
    self.kind = kind
    tenant = try reader.text()
    fingerprint = Digest(try reader.raw(Digest.byteCount))
    firstBlock = Int(try reader.number(UInt32.self))
    before = Digest(try reader.raw(Digest.byteCount))
    hashes = Array(try reader.counted())
    layerCount = Int(try reader.number(UInt32.self))
    pageBytes = Int(try reader.number(UInt32.self))
    isLast = try reader.number(UInt8.self) != 0
    payload = try Self.count(try reader.number())
    segment = try reader.number()
    offset = try Self.count(try reader.number())
    wrappedKey = Array(try reader.counted())
    used = try reader.number()
    let (bytes, overflow) = blockCount.multipliedReportingOverflow(by: pageBytes)
    guard hashes.count % Digest.byteCount == 0, !overflow, kind != .pages || bytes == payload else {
      throw SpudError(.badData, "a store's manifest names \(blockCount) blocks in \(payload) bytes")
    }
  }

  /// A number of bytes that a file can have.
  private static func count(_ value: UInt64) throws -> Int {
    guard value < 1 << 40 else { throw SpudError(.badData, "a store's manifest names a place of \(value) bytes") }
    return Int(value)
  }
}
