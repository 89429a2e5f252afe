internal import SpudErrors
internal import Synchronization

/// What going through a whole store found.
package struct StoreFindings: Sendable, Equatable {
  /// Extents that opened, and their bytes on the disk.
  package var opened = 0
  package var bytes = 0
  /// What did not open, each with where and why.
  package var refused: [String] = []
  /// Bytes that no extent names and that are not 0.
  package var leftBytes = 0
}

/// What is to be forgotten.
package enum ForgetWhat: Sendable {
  /// A conversation, and the pages that no other conversation of its tenant begins with.
  case session(name: String, tenant: String, paths: [SessionPath])
  /// Everything of a tenant.
  case tenant(String)
  case everything
}

/// The ids of a conversation, for the pages that belong to it.
package struct SessionPath: Sendable {
  package var name: String
  package var ids: [Int32]
  package var written: [UInt32]

  package init(name: String, ids: [Int32], written: [UInt32]) {
    self.name = name
    self.ids = ids
    self.written = written
  }
}

extension SealedStore {
  /// Tries to open everything, and looks whether anything is left that no extent names.
  package func verify() throws -> StoreFindings {
    var findings = StoreFindings()
    let all = index.withLock { $0.bySegment() }
    for (_, extents) in all.sorted(by: { $0.key < $1.key }) {
      for extent in extents {
        do {
          try unsafe open(extent, into: [])
          findings.opened += 1
          findings.bytes += extent.length
        } catch let error as SpudError {
          findings.refused.append(error.message)
        }
      }
    }
    for name in try files.names(in: layout.segments) ?? [] {
      guard let number = UInt32(name) else { continue }
      let file = try files.open(layout.segments + "/" + name, .reading)
      let length = try files.length(of: file)
      var place = 0
      let extents = all[number] ?? []
      for range in extents.map(\.range) + [length..<length] {
        while place < min(range.lowerBound, length) {
          let count = min(1 << 20, min(range.lowerBound, length) - place)
          findings.leftBytes += try files.bytes(of: file, at: place, count: count).count { $0 != 0 }
          place += count
        }
        place = max(place, range.upperBound)
      }
    }
    return findings
  }

  /// Forgets: the keys are gone from the manifest, which is written anew, and the bytes from the segments.
  ///
  /// - Returns: How many extents went.
  package func forget(_ what: ForgetWhat) throws -> Int {
    let (extents, changes) = try doomed(what)
    guard !extents.isEmpty || !changes.isEmpty else { return 0 }
    try write { writer in
      let keys = keys.withLock { $0 }
      try drop(extents, and: changes, &writer, keys)
      try compact(&writer, keys)
    }
    return extents.count
  }

  private func doomed(_ what: ForgetWhat) throws -> ([StoredExtent], [ManifestEntry]) {
    let (all, sessions) = index.withLock { (Array($0.extents.values), Array($0.sessions.values)) }
    func gone(_ session: SessionRecord) -> ManifestEntry {
      .dropSession(tenant: session.tenant, name: session.name)
    }
    switch what {
    case .everything: return (all, sessions.map(gone))
    case .tenant(let tenant):
      return (all.filter { $0.tenant == tenant }, sessions.filter { $0.tenant == tenant }.map(gone))
    case .session(let name, let tenant, let paths):
      guard let session = sessions.first(where: { $0.name == name && $0.tenant == tenant }) else { return ([], []) }
      let own = all.filter { $0.tenant == tenant && $0.kind != .session }
      var kept: Set<UInt64> = []
      var doomed: Set<UInt64> = []
      for fingerprint in Set(own.map(\.fingerprint)) {
        let scope = StoreScope(tenant: tenant, fingerprint: fingerprint.bytes)
        for path in paths {
          let found = try find(path.ids, written: path.written, limit: path.written.count, scope: scope)
          let identities = found.parts.map(\.extent.identity)
          if path.name == name { doomed.formUnion(identities) } else { kept.formUnion(identities) }
        }
      }
      doomed.subtract(kept)
      // What followed a page that goes cannot be found any more; it goes too.
      var isGrowing = true
      while isGrowing {
        let hashes = Set(
          own.filter { doomed.contains($0.identity) }.flatMap { extent in
            (0..<extent.blockCount).map { extent.hash(after: $0) }
          })
        let more = own.filter {
          hashes.contains($0.before) && !kept.contains($0.identity) && !doomed.contains($0.identity)
        }
        isGrowing = !more.isEmpty
        doomed.formUnion(more.map(\.identity))
      }
      return (all.filter { doomed.contains($0.identity) || $0.identity == session.extent }, [gone(session)])
    }
  }

  /// Locks the store with another key: everything is wrapped anew under a new key of the store's own, and nothing in it
  /// opens with the old one any more.
  package func rekey(_ key: MasterKey) throws {
    try write { writer in
      let old = keys.withLock { $0 }
      var header = StoreHeader(
        identity: identity, kind: key.kind, salt: try Cipher.random(32), base: writer.journal.generation + 1)
      let root = try Cipher.randomKey()
      let fresh = try StoreKeys(root: root, identity: identity)
      var extents: [StoredExtent] = []
      for var extent in index.withLock({ Array($0.extents.values) }) {
        // One whose key is damaged could not be opened before either.
        guard let secret = try old.key(of: extent) else { continue }
        extent.wrappedKey = try fresh.wrap(secret, of: extent)
        extents.append(extent)
      }
      let wrapping = try key.wrappingKey(header, path: directory)
      var renewed = StoreIndex()
      index.withLock { index in
        renewed.apply([.chainSecret(index.chainSecret)])
        renewed.apply(extents.map { .add($0) } + index.sessions.values.map { .setSession($0) })
      }
      let new = try NewManifest(header, root: root, wrapping: wrapping, records: renewed.snapshot())
      header = new.header
      try writer.replaceManifest(new, wrapping: wrapping)
      index.withLock { $0 = renewed }
      keys.withLock { $0 = new.keys }
    }
  }
}
