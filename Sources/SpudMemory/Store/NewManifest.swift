/// A manifest written from its beginning.
struct NewManifest {
  let header: StoreHeader
  let journal: Journal
  let keys: StoreKeys
  let bytes: [UInt8]

  /// - Parameters:
  ///   - header: Its wrapped key is filled in.
  ///   - wrapping: What the store's key is wrapped under.
  init(_ header: StoreHeader, root: Secret, wrapping: Secret, records: [[ManifestEntry]]) throws {
    var header = header
    header.wrappedRoot = try Cipher.wrap(root, under: wrapping, associated: header.associated)
    keys = try StoreKeys(root: root, identity: header.identity)
    var journal = try Journal(header)
    var bytes = header.bytes
    for record in records { bytes += try journal.append(record, key: keys.manifest) }
    self.header = header
    self.journal = journal
    self.bytes = bytes
  }
}
