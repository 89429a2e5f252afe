import Foundation
import SpudErrors
import SpudSupport
import Synchronization
import Testing

@testable import SpudMemory

/// A store on the disk whose files are changed, and what it then gives back.
@Suite("A store that was tampered with")
struct TamperingTests {
  let scratch: Scratch
  let sequences = (1...3).map { Sequence(seed: $0, blocks: 12) }
  let files = ["manifest", "segments/00000001"]

  init() throws {
    scratch = try Scratch()
    let store = try scratch.open()
    for sequence in sequences { _ = try sequence.save(to: store) }
    _ = try sequences[0].save(to: store, scope: Scratch.scope("ada"))
    try store.save(Self.record("words"), content: Array("what was said".utf8))
  }

  static func record(_ name: String, tenant: String = "") -> SessionRecord {
    SessionRecord(
      tenant: tenant, name: name, model: "m", modelIdentity: [1], tokenCount: 1, turnCount: 1, updated: 1)
  }

  /// Opens what is there, and reads everything in it.
  ///
  /// - Returns: Whether everything was there. What is not as it was fails the test.
  func isWhole() throws -> Bool {
    do { return try isWhole(scratch.open(readOnly: true)) } catch is SpudError { return false }
  }

  func isWhole(_ store: SealedStore) throws -> Bool {
    var isWhole = true
    for sequence in sequences { isWhole = try sequence.restored(from: store) == 12 && isWhole }
    isWhole = try sequences[0].restored(from: store, scope: Scratch.scope("ada")) == 12 && isWhole
    do {
      let words = try store.session(named: "words", of: "")?.content
      #expect(words == nil || words == Array("what was said".utf8))
      isWhole = words != nil && isWhole
    } catch is SpudError { isWhole = false }
    return isWhole
  }

  /// Changes each byte of a file in turn, and counts after how many of the changes `isRefused` says so.
  private func flip(_ name: String, isRefused: (Int) throws -> Bool) throws -> (refused: Int, of: Int) {
    let original = try scratch.bytes(name)
    let handle = try FileHandle(forUpdating: URL(filePath: scratch.store + "/" + name))
    var random = SeededGenerator(seed: 1)
    var refused = 0
    for place in original.indices {
      try handle.seek(toOffset: UInt64(place))
      try handle.write(contentsOf: [original[place] ^ UInt8(1 << random.index(below: 8))])
      if try isRefused(place) { refused += 1 } else { Issue.record("byte \(place) of \(name) may be changed") }
      try handle.seek(toOffset: UInt64(place))
      try handle.write(contentsOf: [original[place]])
    }
    return (refused, original.count)
  }

  @Test("every byte of the manifest counts")
  func manifestFlips() throws {
    let result = try flip("manifest") { _ in
      do {
        let store = try scratch.open(readOnly: true)
        return try !isWhole(store)
      } catch is SpudError { return true }
    }
    #expect(result.refused == result.of && result.of > 1000)
    #expect(try isWhole())
  }

  @Test("every byte of a segment counts")
  func segmentFlips() throws {
    let store = try scratch.open(readOnly: true)
    let extents = store.index.withLock { Array($0.extents.values) }
    let result = try flip(files[1]) { place in
      let hit = try #require(extents.first { $0.range.contains(place) })
      do { try unsafe store.open(hit, into: []) } catch is SpudError { return true }
      return false
    }
    #expect(result.refused == result.of && result.of == 5 * 4096)
    #expect(try isWhole())
  }

  @Test("what is cut anywhere is refused; what is added changes nothing")
  func cuts() throws {
    for name in files {
      let original = try scratch.bytes(name)
      for length in stride(from: 0, to: original.count, by: 7) {
        try scratch.put(Array(original[..<length]), at: name)
        #expect(try !isWhole(), "\(name) of \(length) bytes")
      }
      try scratch.put(original + [1, 2, 3], at: name)
      #expect(try isWhole())
      try scratch.put(original, at: name)
    }
  }

  @Test("extents in each other's place are refused")
  func swaps() throws {
    let name = files[1]
    let original = try scratch.bytes(name)
    let count = original.count / 4096
    for first in 0..<count {
      for second in 0..<count where first != second {
        var bytes = original
        bytes.replaceSubrange(first * 4096..<(first + 1) * 4096, with: original[second * 4096..<(second + 1) * 4096])
        try scratch.put(bytes, at: name)
        #expect(try !isWhole(), "\(second) in the place of \(first)")
      }
    }
  }

  @Test("another store's manifest, segment or records are refused")
  func strangers() throws {
    let other = try Scratch()
    let store = try other.open()
    for sequence in sequences { _ = try sequence.save(to: store) }
    for name in files {
      let original = try scratch.bytes(name)
      try scratch.put(try other.bytes(name), at: name)
      #expect(try !isWhole())
      try scratch.put(original, at: name)
    }
    // The header of one with the records of the other.
    let (mine, theirs) = (try scratch.bytes("manifest"), try other.bytes("manifest"))
    try scratch.put(Array(mine[..<StoreHeader.byteCount] + theirs[StoreHeader.byteCount...]), at: "manifest")
    #expect(try !isWhole())
  }

  @Test("an older state that is put back is refused, until it is accepted")
  func older() throws {
    let fresh = try Scratch()
    var states: [[String: [UInt8]]] = []
    do {
      let store = try fresh.open()
      for sequence in sequences {
        _ = try sequence.save(to: store)
        states.append(["manifest": try fresh.bytes("manifest"), files[1]: try fresh.bytes(files[1])])
      }
      _ = try store.forget(.everything)
    }
    #expect(try fresh.open(readOnly: true).byteCount == 0)
    try FileManager.default.createDirectory(atPath: fresh.store + "/segments", withIntermediateDirectories: true)
    for state in states {
      for (name, bytes) in state { try fresh.put(bytes, at: name) }
      let error = #expect(throws: SpudError.self) { try fresh.open() }
      #expect(error?.message.contains("an older state") == true)
      // Without what was seen here, a copy is as good as its original.
      #expect(try fresh.open(readOnly: true, state: fresh.root + "/elsewhere").byteCount > 0)
    }
    #expect(try sequences[2].restored(from: fresh.open(acceptsOlder: true)) == 12)
    #expect(try sequences[2].restored(from: fresh.open()) == 12)
  }

  @Test("two histories of one store are told apart, though they are as long")
  func forks() throws {
    let copy = scratch.root + "/copy"
    try FileManager.default.copyItem(atPath: scratch.store, toPath: copy)
    _ = try Sequence(seed: 7, blocks: 1).save(to: scratch.open(at: copy, state: scratch.root + "/other"))
    _ = try Sequence(seed: 8, blocks: 1).save(to: scratch.open())
    try FileManager.default.removeItem(atPath: scratch.store)
    try FileManager.default.copyItem(atPath: copy, toPath: scratch.store)
    #expect(throws: SpudError.self) { try scratch.open() }
  }

  @Test("an extent that the manifest gives to another tenant, model, place or length does not open")
  func claims() throws {
    let store = try scratch.open()
    let extent = try #require(
      try store.find(sequences[0].ids, written: sequences[0].written, limit: 12, scope: Scratch.scope()).parts.first
    ).extent
    try unsafe store.open(extent, into: [])
    let zero = Digest([UInt8](repeating: 0, count: 32))
    let changes: [(inout StoredExtent) -> Void] = [
      { $0.tenant = "ada" }, { $0.fingerprint = zero }, { $0.firstBlock += 1 }, { $0.before = zero },
      { $0.hashes[0] ^= 1 }, { $0.layerCount += 1 }, { $0.pageBytes += 1 }, { $0.isLast.toggle() },
      { $0.payload -= 1 }, { $0.identity ^= 1 }, { $0.kind = .session }, { $0.offset += 4096 }, { $0.segment += 1 },
      { $0.wrappedKey[20] ^= 1 },
    ]
    for (index, change) in changes.enumerated() {
      var other = extent
      change(&other)
      #expect(throws: SpudError.self, "change \(index)") { try unsafe store.open(other, into: []) }
    }
  }
}
