internal import Foundation
internal import Glibc
internal import SpudErrors
internal import SpudInference
package import SpudKernels
internal import SpudSupport

/// How fast pages of a given shape are sealed and restored, apart from any model.
package struct MemoryMeasurement: Sendable {
  package var shape: CacheShape
  /// Tokens whose pages are sealed and restored.
  package var tokens: Int
  /// Where the store is made; it is taken away again.
  package var directory: String

  package init(shape: CacheShape, tokens: Int, directory: String) {
    self.shape = shape
    self.tokens = tokens
    self.directory = directory
  }

  package struct Result: Sendable {
    /// Bytes of the pages.
    package var bytes: Int
    package var sealSeconds: Double
    /// From the opening of the store to its last page in place: with the files in the system's cache, and without.
    package var restoreSeconds: Double
    package var coldSeconds: Double
    /// Of the first of these, until the store was open, and until what it has was found.
    package var openSeconds: Double
    package var findSeconds: Double
    /// The most memory that the process has had, in bytes: pages are in it once.
    package var peakBytes = 0
  }

  /// Seals random pages, and restores them into a cache of their own as an engine does.
  ///
  /// - Throws: `SpudError` when there is no room, or a page is not what was sealed.
  package func run() async throws -> Result {
    let count = KeyValueCache.pageCount(of: tokens)
    let fingerprint = [UInt8](repeating: 0, count: Digest.byteCount)
    let key = try MasterKey.random()
    var settings = SealedStore.Settings(stateDirectory: directory + "/state")
    settings.byteLimit = .max / 4
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try SystemFiles().makeDirectory(directory)
    let path = directory + "/store"
    let ids = (0..<count * KeyValueCache.positionsPerPage).map { Int32($0 % 50_000) }
    let written = [UInt32](repeating: 0, count: count)
    var result = Result(
      bytes: count * shape.pageBytes, sealSeconds: 0, restoreSeconds: 0, coldSeconds: 0, openSeconds: 0, findSeconds: 0)
    do {
      // Gone before anything is restored: what it held can be said again.
      let source = try pages(count)
      unsafe compare(source.views) { piece, words in
        unsafe piece.copyMemory(from: words)
        return true
      }
      let store = try SealedStore(path, key: key, settings: settings)
      let pages = StorePages(store, fingerprint: fingerprint, shape: shape)
      let start = ContinuousClock.now
      try pages.save(ids, written: written, blocks: 0..<count, pages: source.views, tenant: "")
      result.sealSeconds = start.duration(to: .now).milliseconds / 1e3
    }
    for isCold in [false, false, true] {
      if isCold { try drop(path) }
      let target = try self.pages(count)
      let start = ContinuousClock.now
      let store = try SealedStore(path, key: key, settings: settings)
      if !isCold { result.openSeconds = start.duration(to: .now).milliseconds / 1e3 }
      let pages = StorePages(store, fingerprint: fingerprint, shape: shape)
      let parts = try pages.find(ids, written: written, limit: count, tenant: "")
      if !isCold { result.findSeconds = start.duration(to: .now).milliseconds / 1e3 }
      let link = MemoryLink(pages)
      let work = parts.map { (part: $0, pages: $0.blocks.map { Optional(target.views[$0]) }) }
      let (whole, error) = await withCheckedContinuation { continuation in
        link.restore(work, isWanted: { true }) { continuation.resume(returning: ($0, $1)) }
      }
      let seconds = start.duration(to: .now).milliseconds / 1e3
      if isCold { result.coldSeconds = seconds } else { result.restoreSeconds = seconds }
      if let error { throw error }
      guard whole == parts.count, parts.last?.blocks.upperBound == count,
        unsafe compare(target.views, { piece, words in unsafe isSame(piece, words) })
      else {
        throw SpudError(.internal, "pages that were restored are not what was sealed")
      }
    }
    result.peakBytes = Self.peakBytes
    return result
  }

  private static var peakBytes: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }

  private func pages(_ count: Int) throws -> (cache: KeyValueCache, views: [PageView]) {
    let cache = KeyValueCache(
      shape: shape, capacity: count * KeyValueCache.positionsPerPage, pageLimit: count)
    let sequence = cache.makeSequence(expecting: count * KeyValueCache.positionsPerPage)
    try cache.extend(sequence, pages: count)
    return (cache, cache.pages(of: sequence).map(cache.view))
  }

  /// Goes through pages beside the random bytes that they hold, a different 4 KiB of them for each.
  ///
  /// - Parameter body: Is given a part of a page, and bytes as long.
  /// - Returns: Whether it returned true for all.
  @discardableResult
  private func compare(
    _ views: [PageView], _ body: (UnsafeMutableRawBufferPointer, UnsafeRawBufferPointer) -> Bool
  ) -> Bool {
    var random = SeededGenerator(seed: 1)
    for view in views {
      let words = (0..<512).map { _ in random.next() }
      for index in unsafe view.pieces.indices {
        let piece = unsafe view.pieces[index]
        // SAFETY: no more than the piece holds.
        let isDone = unsafe words.withUnsafeBytes { words in
          for start in stride(from: 0, to: piece.count, by: words.count) {
            let count = min(words.count, piece.count - start)
            let part = unsafe UnsafeMutableRawBufferPointer(rebasing: piece[start..<start + count])
            guard unsafe body(part, UnsafeRawBufferPointer(rebasing: words[..<count])) else { return false }
          }
          return true
        }
        guard isDone else { return false }
      }
    }
    return true
  }

  private func isSame(_ piece: UnsafeMutableRawBufferPointer, _ words: UnsafeRawBufferPointer) -> Bool {
    guard let first = piece.baseAddress, let second = words.baseAddress else { return unsafe piece.isEmpty }
    // SAFETY: both have as many bytes.
    return unsafe memcmp(first, second, piece.count) == 0
  }

  /// Takes the segments out of the system's cache, as far as it lets them go.
  private func drop(_ path: String) throws {
    let layout = StoreLayout(directory: path)
    for name in try SystemFiles().names(in: layout.segments) ?? [] {
      try SystemFiles().drop(try SystemFiles().open(layout.segments + "/" + name, .reading))
    }
  }
}
