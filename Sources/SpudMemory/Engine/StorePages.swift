internal import SpudErrors
package import SpudInference
package import SpudKernels

/// A store as an engine uses it: pages of one shape, of one model and layout.
package final class StorePages: PageStore {
  package let store: SealedStore
  private let fingerprint: [UInt8]
  private let shape: CacheShape

  /// - Parameter fingerprint: 32 bytes that stand for the model, its tokenizer, the cache's format and the kernels.
  init(_ store: SealedStore, fingerprint: [UInt8], shape: CacheShape) {
    self.store = store
    self.fingerprint = fingerprint
    self.shape = shape
  }

  private func scope(_ tenant: String) -> StoreScope { StoreScope(tenant: tenant, fingerprint: fingerprint) }

  package func find(_ ids: [Int32], written: [UInt32], limit: Int, tenant: String) throws -> [StoredPages] {
    try store.find(ids, written: written, limit: limit, scope: scope(tenant)).parts.prefix { part in
      part.extent.layerCount == shape.layerCount && part.extent.pageBytes == shape.pageBytes
    }.map { StoredPages(blocks: $0.blocks, place: $0.extent) }
  }

  package func restore(_ part: StoredPages, to pages: [PageView?]) throws {
    guard let extent = part.place as? StoredExtent else {
      throw SpudError(.internal, "a part of another store was asked for")
    }
    // What comes before the pages that are wanted is here already.
    let skipped = pages.prefix { $0 == nil }.count
    var pieces: [UnsafeMutableRawBufferPointer] = unsafe []
    for page in pages.dropFirst(skipped) {
      guard let page else { throw SpudError(.internal, "pages with a gap were asked for") }
      unsafe pieces += page.pieces
    }
    try unsafe store.open(extent, into: pieces, skipping: skipped * shape.pageBytes)
  }

  package func save(
    _ ids: [Int32], written: [UInt32], blocks: Range<Int>, pages: [PageView], tenant: String
  ) throws {
    let run = unsafe PageRun(
      ids: ids, written: written, blocks: blocks, layerCount: shape.layerCount, pageBytes: shape.pageBytes,
      pieces: { block in unsafe pages[block - blocks.lowerBound].pieces.map { UnsafeRawBufferPointer($0) } })
    try store.save(run, scope: scope(tenant))
  }

  package func keep(_ answer: [UInt8], endOf ids: [Int32], written: [UInt32], tenant: String) throws {
    try store.save(answer: answer, endOf: ids, written: written, scope: scope(tenant))
  }

  package func answers(of tenant: String) throws -> [[UInt8]] { store.answers(of: scope(tenant)) }
}
