internal import SpudErrors
internal import Synchronization

/// The keys of an open store, all derived from its own.
final class StoreKeys: Sendable {
  let root: Secret
  /// What the manifest's records are sealed with.
  let manifest: Secret
  private let identity: [UInt8]
  private let tenants = Mutex<[String: Secret]>([:])

  init(root: Secret, identity: [UInt8]) throws {
    self.root = root
    self.identity = identity
    manifest = try Cipher.derive(from: root, salt: identity, info: Array("spud memory, manifest".utf8))
  }

  /// What the keys of a tenant's extents are wrapped under.
  func tenant(_ name: String) throws -> Secret {
    if let known = tenants.withLock({ $0[name] }) { return known }
    let key = try Cipher.derive(from: root, salt: identity, info: Array("spud memory, tenant \(name)".utf8))
    tenants.withLock { $0[name] = key }
    return key
  }

  /// - Returns: Nil when the key is not what was wrapped.
  func key(of extent: StoredExtent) throws -> Secret? {
    try Cipher.unwrap(
      extent.wrappedKey, under: tenant(extent.tenant), associated: extent.keyAssociated(store: identity))
  }

  func wrap(_ key: Secret, of extent: StoredExtent) throws -> [UInt8] {
    try Cipher.wrap(key, under: tenant(extent.tenant), associated: extent.keyAssociated(store: identity))
  }
}
