internal import SpudErrors
internal import Synchronization

/// What finds answers again by their words. Unlike pages they are fetched all at once, when a tenant asks first.
extension SealedStore {
  /// Bytes of answers that are fetched at most: the newest.
  private static let recalledBytes = 64 << 20

  /// Seals an answer. When it returns, it is not lost any more.
  ///
  /// - Parameters:
  ///   - ids: The sequence that the answer ends: it goes when the last whole block of it is forgotten. One without a
  ///     whole block is not kept, for its pages are not.
  ///   - written: For each whole block, bit i is set where its id i was written.
  func save(answer: [UInt8], endOf ids: [Int32], written: [UInt32], scope: StoreScope) throws {
    let blocks = min(ids.count / BlockChain.blockLength, written.count)
    guard blocks > 0 else { return }
    var chain = try BlockChain(secret: index.withLock { $0.chainSecret }, scope: scope)
    for block in 0..<blocks {
      let start = block * BlockChain.blockLength
      _ = chain.add(ids[start..<start + BlockChain.blockLength], written: written[block])
    }
    let extent = StoredExtent(
      identity: UInt64.random(in: 0...UInt64.max), kind: .answer, tenant: scope.tenant,
      fingerprint: scope.fingerprint, firstBlock: blocks, before: chain.hash, hashes: [], layerCount: 0, pageBytes: 0,
      isLast: true, payload: answer.count)
    // SAFETY: the buffer is valid for the call.
    try unsafe answer.withUnsafeBytes { _ = try append([unsafe NewExtent(extent: extent, pieces: [$0])]) }
  }

  /// The answers of a tenant, the oldest first; what does not open is not there.
  func answers(of scope: StoreScope) -> [[UInt8]] {
    let kept = index.withLock { index in
      index.extents.values.filter { $0.kind == .answer && StoreScope($0) == scope }
    }.sorted { ($0.used, $0.identity) > ($1.used, $1.identity) }
    var room = Self.recalledBytes
    let newest = kept.prefix { extent in
      room -= extent.payload
      return room >= 0
    }
    return newest.reversed().compactMap { try? payload(of: $0) }
  }
}
