import Foundation
import SpudErrors
import SpudSupport
import Testing

@testable import SpudMemory

/// A store in a directory of its own, with sequences whose pages' bytes follow from their ids.
final class Scratch {
  let root = FileManager.default.temporaryDirectory.appending(path: "spud-memory-\(UUID().uuidString)").path
  var store: String { root + "/store" }
  var state: String { root + "/state" }

  init() throws { try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: root) }

  static let pageBytes = 96
  static func key(_ byte: UInt8 = 7) -> MasterKey {
    var bytes = [UInt8](repeating: byte, count: 32)
    return .raw(Secret(taking: &bytes))
  }

  static func scope(_ tenant: String = "", model: UInt8 = 1) -> StoreScope {
    StoreScope(tenant: tenant, fingerprint: [UInt8](repeating: model, count: 32))
  }

  func open(
    key: MasterKey = key(), limit: Int = 10 << 20, readOnly: Bool = false, acceptsOlder: Bool = false,
    files: any StoreFiles = SystemFiles(), at path: String? = nil, state: String? = nil
  ) throws -> SealedStore {
    var settings = SealedStore.Settings(stateDirectory: state ?? self.state)
    settings.byteLimit = limit
    settings.isReadOnly = readOnly
    settings.acceptsOlder = acceptsOlder
    return try SealedStore(path ?? store, key: key, settings: settings, files: files)
  }
}

/// A sequence of ids, and the bytes of its pages.
struct Sequence {
  var ids: [Int32]
  var written: [UInt32]

  init(seed: UInt64, blocks: Int) {
    var random = SeededGenerator(seed: seed)
    ids = (0..<blocks * 32).map { _ in Int32(random.next() % 1000) }
    written = (0..<blocks).map { _ in UInt32(truncatingIfNeeded: random.next()) }
  }

  /// A page's bytes are a hash of all before it, so that one in a wrong place is noticed.
  func page(_ block: Int) -> [UInt8] {
    var state: UInt64 = 14_695_981_039_346_656_037
    for id in ids[..<((block + 1) * 32)] { state = (state ^ UInt64(id)) &* 1_099_511_628_211 }
    for mark in written[...block] { state = (state ^ UInt64(mark)) &* 1_099_511_628_211 }
    var random = SeededGenerator(seed: state)
    return (0..<Scratch.pageBytes).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  func save(_ blocks: Range<Int>? = nil, to store: SealedStore, scope: StoreScope = Scratch.scope()) throws -> Int {
    let blocks = blocks ?? 0..<written.count
    let pages = blocks.map(page)
    // Pages of an uneven number of pieces.
    var held: [UnsafeMutableRawBufferPointer] = unsafe []
    for page in pages {
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: page.count, alignment: 1)
      unsafe copy.copyBytes(from: page)
      unsafe held.append(copy)
    }
    defer { for index in unsafe held.indices { unsafe held[index].deallocate() } }
    let run = unsafe PageRun(
      ids: ids, written: written, blocks: blocks, layerCount: 2, pageBytes: Scratch.pageBytes,
      pieces: { block in
        let page = unsafe UnsafeRawBufferPointer(held[block - blocks.lowerBound])
        return unsafe [.init(rebasing: page[..<33]), .init(rebasing: page[33...])]
      })
    return try store.save(run, scope: scope)
  }

  /// How many blocks the store gives back: all of them right, or the test fails.
  @discardableResult
  func restored(from store: SealedStore, scope: StoreScope = Scratch.scope(), limit: Int? = nil) throws -> Int {
    let found = try store.find(ids, written: written, limit: limit ?? written.count, scope: scope)
    var count = 0
    for part in found.parts {
      var bytes = [UInt8](repeating: 0, count: part.blocks.count * Scratch.pageBytes)
      do {
        try unsafe bytes.withUnsafeMutableBytes { bytes in
          try unsafe store.open(
            part.extent, into: [.init(rebasing: bytes[..<10]), .init(rebasing: bytes[10...])])
        }
      } catch is SpudError {
        return count
      }
      #expect(bytes == part.blocks.flatMap(page), "blocks \(part.blocks) are what was sealed")
      count = part.blocks.upperBound
    }
    return count
  }
}
