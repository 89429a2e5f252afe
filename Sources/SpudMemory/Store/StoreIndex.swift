/// What a store holds, in memory.
struct StoreIndex: Sendable {
  private(set) var chainSecret: [UInt8] = []
  private(set) var extents: [UInt64: StoredExtent] = [:]
  private(set) var sessions: [SessionKey: SessionRecord] = [:]
  /// Extents by the chain hash before them.
  private var children: [Digest: [UInt64]] = [:]
  /// Bytes that the extents take in their segments.
  private(set) var byteCount = 0

  struct SessionKey: Hashable, Sendable {
    var tenant: String
    var name: String
  }

  func children(of hash: Digest) -> [StoredExtent] { children[hash, default: []].compactMap { extents[$0] } }

  mutating func apply(_ entries: [ManifestEntry]) {
    for entry in entries { apply(entry) }
  }

  private mutating func apply(_ entry: ManifestEntry) {
    switch entry {
    case .chainSecret(let secret): chainSecret = secret
    case .add(let extent):
      extents[extent.identity] = extent
      if extent.kind == .pages { children[extent.before, default: []].append(extent.identity) }
      byteCount += extent.length
    case .drop(let identities):
      for identity in identities {
        guard let extent = extents.removeValue(forKey: identity) else { continue }
        byteCount -= extent.length
        guard extent.kind == .pages else { continue }
        children[extent.before]?.removeAll { $0 == identity }
        if children[extent.before]?.isEmpty ?? false { children[extent.before] = nil }
      }
    case .use(let identities, let time):
      for identity in identities {
        if let before = extents[identity]?.used { extents[identity]?.used = max(before, time) }
      }
    case .setSession(let session): sessions[SessionKey(tenant: session.tenant, name: session.name)] = session
    case .dropSession(let tenant, let name): sessions[SessionKey(tenant: tenant, name: name)] = nil
    }
  }

  /// Everything as a new manifest says it, in records of moderate size.
  func snapshot() -> [[ManifestEntry]] {
    var records: [[ManifestEntry]] = [[.chainSecret(chainSecret)]]
    let all = extents.values.sorted { ($0.segment, $0.offset) < ($1.segment, $1.offset) }
    for start in stride(from: 0, to: all.count, by: 1024) {
      records.append(all[start..<min(start + 1024, all.count)].map { .add($0) })
    }
    let named = sessions.values.sorted { ($0.tenant, $0.name) < ($1.tenant, $1.name) }
    if !named.isEmpty { records.append(named.map { .setSession($0) }) }
    return records
  }

  /// Extents of pages and answers that give `count` bytes back together, those least recently of use, and the later of
  /// a sequence before the earlier; nil when there are not so many.
  func leastRecentlyUsed(freeing count: Int) -> [StoredExtent]? {
    var freed = 0
    var chosen: [StoredExtent] = []
    let pages = extents.values.filter { $0.kind != .session }
    for extent in pages.sorted(by: { ($0.used, -$0.firstBlock, $0.identity) < ($1.used, -$1.firstBlock, $1.identity) })
    {
      if freed >= count { break }
      chosen.append(extent)
      freed += extent.length
    }
    return freed >= count ? chosen : nil
  }

  /// The live extents of each segment, in order.
  func bySegment() -> [UInt32: [StoredExtent]] {
    Dictionary(grouping: extents.values, by: \.segment).mapValues { $0.sorted { $0.offset < $1.offset } }
  }
}
