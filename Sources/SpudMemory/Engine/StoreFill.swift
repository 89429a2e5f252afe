internal import SpudErrors
internal import SpudSupport
internal import Synchronization

/// A store that is filled to its limit and beyond with pages that mean nothing, to see how a large one behaves.
package struct StoreFill: Sendable {
  package struct Result: Sendable {
    package var sealSeconds: Double
    package var sealedBytes: Int
    /// What the store takes at the end, its manifest included, as it counts itself.
    package var storedBytes: Int
    package var extents: Int
    /// Of each time that it was opened.
    package var openSeconds: [Double]
  }

  /// Pages of the nano shape: 64 KiB.
  static let pageBytes = 1 << 16
  /// Blocks of each sequence.
  static let blocks = 512

  /// - Parameters:
  ///   - bytes: Sealed in all.
  ///   - settings: Their limit may be less.
  package static func run(
    _ directory: String, key: MasterKey, settings: SealedStore.Settings, bytes: Int
  ) throws -> Result {
    var random = SeededGenerator(seed: 1)
    let page = UnsafeMutableRawBufferPointer.allocate(byteCount: pageBytes, alignment: 64)
    defer { unsafe page.deallocate() }
    for index in page.indices { unsafe page[index] = UInt8(truncatingIfNeeded: random.next()) }
    let scope = StoreScope(tenant: "", fingerprint: [UInt8](repeating: 0, count: Digest.byteCount))
    let clock = ContinuousClock()
    var result = Result(sealSeconds: 0, sealedBytes: 0, storedBytes: 0, extents: 0, openSeconds: [])
    do {
      let store = try SealedStore(directory, key: key, settings: settings)
      let start = clock.now
      var sequence: Int32 = 0
      while result.sealedBytes < bytes {
        sequence += 1
        let ids = (0..<blocks * BlockChain.blockLength).map { $0 == 0 ? sequence : Int32($0 % 1000) }
        let run = unsafe PageRun(
          ids: ids, written: [UInt32](repeating: 0, count: blocks), blocks: 0..<blocks, layerCount: 4,
          pageBytes: pageBytes, pieces: { _ in unsafe [UnsafeRawBufferPointer(page)] })
        try store.save(run, scope: scope)
        result.sealedBytes += blocks * pageBytes
        let stored = store.storedBytes
        guard stored <= settings.byteLimit else {
          throw SpudError(.internal, "the store takes \(stored) bytes, and its limit is \(settings.byteLimit)")
        }
      }
      result.sealSeconds = seconds(start.duration(to: clock.now))
      result.storedBytes = store.storedBytes
      result.extents = store.index.withLock { $0.extents.count }
    }
    for _ in 0..<5 {
      let start = clock.now
      _ = try SealedStore(directory, key: key, settings: settings)
      result.openSeconds.append(seconds(start.duration(to: clock.now)))
    }
    return result
  }

  private static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }
}

extension SealedStore {
  /// Bytes of the extents and of the manifest.
  package var storedBytes: Int { byteCount + writer.withLock { $0?.manifestLength ?? 0 } }
}
