internal import SpudErrors

/// The beginning of a manifest, in the clear: how the master key unlocks the store's own, and where its count begins.
struct StoreHeader: Sendable, Equatable {
  static let magic = Array("SPUDMEM\n".utf8)
  /// Raised when a store is written in another way.
  static let version: UInt32 = 1
  static let byteCount = 8 + 4 + 16 + 4 + 32 + 8 + Cipher.wrappedLength

  /// The store's name for itself.
  var identity: [UInt8]  // [16]
  var kind: MasterKey.Kind
  var salt: [UInt8]  // [32]
  /// The generation before the manifest's first record.
  var base: UInt64
  var wrappedRoot: [UInt8] = []

  /// What the wrapped key is bound to: all that precedes it.
  var associated: [UInt8] {
    var writer = ByteWriter()
    writer.put(raw: Self.magic)
    writer.put(Self.version)
    writer.put(raw: identity)
    writer.put(raw: kind.bytes)
    writer.put(raw: salt)
    writer.put(base)
    return writer.bytes
  }

  var bytes: [UInt8] { associated + wrappedRoot }

  init(identity: [UInt8], kind: MasterKey.Kind, salt: [UInt8], base: UInt64) {
    self.identity = identity
    self.kind = kind
    self.salt = salt
    self.base = base
  }

  /// - Throws: `SpudError` (`badData`) when it is no store, or one of another version.
  init(_ bytes: some Sequence<UInt8>, path: String) throws {
    var reader = ByteReader(bytes, name: path)
    guard (try? reader.raw(8)).map(Array.init) == Self.magic else {
      throw SpudError(.badData, "\(path): does not begin as a store's manifest does")
    }
    let version = try reader.number(UInt32.self)
    guard version == Self.version else {
      throw SpudError(
        .badData, "\(path): was written in version \(version) of the format, but version \(Self.version) is read")
    }
    identity = Array(try reader.raw(16))
    kind = try MasterKey.Kind(Array(try reader.raw(4)), path: path)
    salt = Array(try reader.raw(32))
    base = try reader.number()
    wrappedRoot = Array(try reader.raw(Cipher.wrappedLength))
  }
}
