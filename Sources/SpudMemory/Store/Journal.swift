internal import SpudErrors

/// The records of a manifest: each sealed, bound to its number and to all before it.
///
///     record = length (4 bytes) · nonce · ciphertext · tag
struct Journal: Sendable {
  /// The number of the last record.
  private(set) var generation: UInt64
  /// A hash over the header and every record so far.
  private(set) var chain: Digest
  /// Bytes of the header and every whole record.
  private(set) var length: Int
  private let identity: [UInt8]

  /// Before the first record.
  init(_ header: StoreHeader) throws {
    identity = header.identity
    generation = header.base
    chain = try Digest(of: header.bytes)
    length = header.bytes.count
  }

  private func associated(_ generation: UInt64) -> [UInt8] {
    var writer = ByteWriter()
    writer.put("spud memory, record")
    writer.put(raw: identity)
    writer.put(generation)
    writer.put(raw: chain.bytes)
    return writer.bytes
  }

  /// The bytes of the next record, which are to be written at `length`.
  mutating func append(_ entries: [ManifestEntry], key: Secret) throws -> [UInt8] {
    let sealed = try Cipher.seal(ManifestEntry.bytes(of: entries), key: key, associated: associated(generation + 1))
    var writer = ByteWriter()
    writer.put(counted: sealed)
    try advance(past: sealed)
    return writer.bytes
  }

  /// The next record of a manifest's bytes, if it is whole.
  mutating func next(in bytes: [UInt8], key: Secret, path: String) throws -> [ManifestEntry]? {
    var reader = ByteReader(bytes[length...], name: path)
    guard let sealed = try? reader.counted(),
      let plain = try Cipher.open(sealed, key: key, associated: associated(generation + 1))
    else { return nil }
    try advance(past: Array(sealed))
    return try ManifestEntry.read(plain, path: path)
  }

  private mutating func advance(past sealed: [UInt8]) throws {
    generation += 1
    chain = try Digest(of: chain.bytes + sealed.suffix(Cipher.tagLength))
    length += 4 + sealed.count
  }
}
