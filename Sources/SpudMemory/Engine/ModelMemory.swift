internal import SpudErrors
package import SpudInference
package import SpudKernels

/// A store as one model's engine uses it.
///
///     let store = try SealedStore(directory, key: key, settings: settings)
///     let memory = try await store.attach(to: model)
///     let session = try memory.session(named: "letters", of: model)
///     …
///     try await memory.save(session, named: "letters", of: model)
///     if let failure = await model.flushMemory() { … }
package final class ModelMemory: PageStore {
  package let store: SealedStore
  /// Stands for the model's weights, configuration and tokenizer.
  let modelIdentity: [UInt8]
  /// Stands for these and the layout of its cache.
  private let fingerprint: [UInt8]
  private let layerCount: Int
  private let pageBytes: Int

  /// Reads the model's files for its fingerprint, unless that is known of files as old and as large.
  ///
  /// - Throws: `SpudError` (`io`) when a file cannot be read.
  package init(_ store: SealedStore, model: Model) throws {
    self.store = store
    modelIdentity = try ModelFingerprint.identity(of: model, knownIn: store.settings.stateDirectory)
    var writer = ByteWriter()
    writer.put(raw: modelIdentity)
    writer.put(model.cacheLayout)
    fingerprint = try Digest(of: writer.bytes).bytes
    layerCount = model.cacheShape.layerCount
    pageBytes = model.cacheShape.pageBytes
  }

  private func scope(_ tenant: String) -> StoreScope { StoreScope(tenant: tenant, fingerprint: fingerprint) }

  package func find(_ ids: [Int32], written: [UInt32], limit: Int, tenant: String) throws -> [StoredPages] {
    try store.find(ids, written: written, limit: limit, scope: scope(tenant)).parts.compactMap { part in
      guard part.extent.layerCount == layerCount, part.extent.pageBytes == pageBytes else { return nil }
      return StoredPages(blocks: part.blocks, place: part.extent)
    }
  }

  package func restore(_ part: StoredPages, to pages: [PageView?]) throws {
    guard let extent = part.place as? StoredExtent else {
      throw SpudError(.internal, "a part of another store was asked for")
    }
    var pieces: [UnsafeMutableRawBufferPointer] = unsafe []
    // What comes before the pages that are wanted goes where it does not matter.
    let skipped = pages.prefix { $0 == nil }.count
    let scrap = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, skipped > 0 ? pageBytes : 1), alignment: 64)
    defer { unsafe scrap.deallocate() }
    for _ in 0..<skipped { unsafe pieces.append(scrap) }
    for page in pages.dropFirst(skipped) {
      guard let page else { throw SpudError(.internal, "pages with a gap were asked for") }
      unsafe pieces += page.pieces
    }
    try unsafe store.open(extent, into: pieces)
  }

  package func save(
    _ ids: [Int32], written: [UInt32], blocks: Range<Int>, pages: [PageView], tenant: String
  ) throws {
    let run = unsafe PageRun(
      ids: ids, written: written, blocks: blocks, layerCount: layerCount, pageBytes: pageBytes,
      pieces: { block in unsafe pages[block - blocks.lowerBound].pieces.map { UnsafeRawBufferPointer($0) } })
    try store.save(run, scope: scope(tenant))
  }
}

extension SealedStore {
  /// Has a model keep what it reads and writes here, and find it again: for `spud chat` and `spud serve`, too. A tenant
  /// of `Model.submit(_:tenant:)` finds only what was read for the same tenant.
  ///
  /// - Throws: `SpudError` (`io`) when a file of the model cannot be read.
  package func attach(to model: Model) async throws -> ModelMemory {
    let memory = try ModelMemory(self, model: model)
    try await model.attach(memory)
    return memory
  }
}
