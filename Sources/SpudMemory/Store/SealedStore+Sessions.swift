internal import SpudErrors
internal import Synchronization

extension SealedStore {
  /// The named conversations of a tenant, or of all, the latest first.
  package func sessions(of tenant: String? = nil) -> [SessionRecord] {
    index.withLock { $0.sessions.values.filter { tenant == nil || $0.tenant == tenant } }
      .sorted { ($1.updated, $0.tenant, $0.name) < ($0.updated, $1.tenant, $1.name) }
  }

  /// Seals a conversation under its name, in the place of what had that name. When it returns, it is not lost any more.
  ///
  /// - Parameter content: What `session(named:of:)` gives back.
  package func save(_ session: SessionRecord, content: [UInt8]) throws {
    let old = index.withLock { $0.sessions[.init(tenant: session.tenant, name: session.name)]?.extent }
    let zero = Digest([UInt8](repeating: 0, count: Digest.byteCount))
    let extent = StoredExtent(
      identity: UInt64.random(in: 0...UInt64.max), kind: .session, tenant: session.tenant, fingerprint: zero,
      firstBlock: 0, before: zero, hashes: [], layerCount: 0, pageBytes: 0, isLast: true, payload: content.count)
    // SAFETY: the buffer is valid for the call.
    try unsafe content.withUnsafeBytes { content in
      _ = try append([unsafe NewExtent(extent: extent, pieces: [content])]) { placed in
        var record = session
        record.extent = placed.first?.identity ?? 0
        return [.setSession(record)] + (old.map { [.drop([$0])] } ?? [])
      }
    }
  }

  /// A conversation by its name; nil where there is none.
  ///
  /// - Throws: `SpudError` (`badData`, `io`) when it does not open.
  package func session(named name: String, of tenant: String) throws -> (record: SessionRecord, content: [UInt8])? {
    let found = index.withLock { index -> (SessionRecord, StoredExtent)? in
      guard let record = index.sessions[.init(tenant: tenant, name: name)], let extent = index.extents[record.extent]
      else { return nil }
      return (record, extent)
    }
    guard let (record, extent) = found else { return nil }
    guard extent.kind == .session, extent.tenant == tenant else {
      throw SpudError(.badData, "\(directory): session '\(name)' names what is no session")
    }
    return (record, try payload(of: extent))
  }
}
