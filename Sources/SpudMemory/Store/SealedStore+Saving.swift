internal import SpudErrors
internal import Synchronization

/// Pages of a sequence that are to be sealed.
@safe
package struct PageRun {
  /// The sequence, from its beginning, to the end of the run at least.
  package var ids: [Int32]
  /// For each whole block, bit i is set where its id i was written.
  package var written: [UInt32]
  /// Which blocks the pages are.
  package var blocks: Range<Int>
  /// The bytes of one block's page, in order, valid for the call.
  package var pieces: (Int) -> [UnsafeRawBufferPointer]
  package var layerCount: Int
  package var pageBytes: Int

  package init(
    ids: [Int32], written: [UInt32], blocks: Range<Int>, layerCount: Int, pageBytes: Int,
    pieces: @escaping (Int) -> [UnsafeRawBufferPointer]
  ) {
    self.ids = ids
    self.written = written
    self.blocks = blocks
    self.layerCount = layerCount
    self.pageBytes = pageBytes
    unsafe self.pieces = pieces
  }
}

extension SealedStore {
  /// Bytes of pages that one extent is to have.
  static let extentPayload = 1 << 20
  /// Bytes of pages that are written in one go at most, so that they are soon safe.
  static let commitPayload = 32 << 20

  /// Seals the pages of a sequence that are not here yet. When it returns, nothing of them is lost any more.
  ///
  /// - Returns: How many blocks were sealed.
  /// - Throws: `SpudError` when they cannot be written; after that nothing is written any more.
  @discardableResult
  package func save(_ run: PageRun, scope: StoreScope) throws -> Int {
    let known = try find(run.ids, written: run.written, limit: run.blocks.upperBound, scope: scope)
    // Pages in front of what is known would have to be here too.
    guard known.blockCount >= run.blocks.lowerBound, known.blockCount < run.blocks.upperBound else { return 0 }
    var chain = try BlockChain(secret: index.withLock { $0.chainSecret }, scope: scope)
    chain.begin(at: known.chain)
    var pending: [NewExtent] = []
    var bytes = 0
    let perExtent = max(1, Self.extentPayload / max(run.pageBytes, 1))
    for start in stride(from: known.blockCount, to: run.blocks.upperBound, by: perExtent) {
      let blocks = start..<min(start + perExtent, run.blocks.upperBound)
      let before = chain.hash
      var hashes: [UInt8] = []
      for block in blocks {
        let ids = run.ids[block * BlockChain.blockLength..<(block + 1) * BlockChain.blockLength]
        hashes += chain.add(ids, written: run.written[block]).bytes
      }
      let extent = StoredExtent(
        identity: UInt64.random(in: 0...UInt64.max), kind: .pages, tenant: scope.tenant,
        fingerprint: scope.fingerprint, firstBlock: start, before: before, hashes: hashes,
        layerCount: run.layerCount, pageBytes: run.pageBytes, isLast: blocks.upperBound == run.blocks.upperBound,
        payload: blocks.count * run.pageBytes)
      // SAFETY: the pieces are valid while the run is.
      unsafe pending.append(NewExtent(extent: extent, pieces: blocks.flatMap { unsafe run.pieces($0) }))
      bytes += extent.payload
      if bytes >= Self.commitPayload {
        _ = try append(pending)
        (pending, bytes) = ([], 0)
      }
    }
    if !pending.isEmpty { _ = try append(pending) }
    return run.blocks.upperBound - known.blockCount
  }
}
