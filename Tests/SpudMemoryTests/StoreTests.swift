import Foundation
import SpudErrors
import Synchronization
import Testing

@testable import SpudMemory

@Suite("Sealed store")
struct StoreTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// As a child has it that was forked and is no other program yet.
  @Test("the right to write ends with its owner, though a child still has the file open")
  func lockEnds() throws {
    let path = scratch.root + "/lock"
    var lock = try StoreLock.take(path)
    let child = dup(try #require(lock?.descriptor))
    defer { close(child) }
    #expect(try StoreLock.take(path) == nil)
    lock = nil
    #expect(try StoreLock.take(path) != nil)
  }

  @Test("what was sealed is found again by the next process, whole blocks of the longest beginning")
  func roundTrip() throws {
    let (first, second) = (Sequence(seed: 1, blocks: 9), Sequence(seed: 2, blocks: 4))
    var branch = first
    branch.ids[5 * 32] += 1
    do {
      let store = try scratch.open()
      #expect(try first.save(to: store) == 9)
      #expect(try first.save(to: store) == 0, "what is there is not sealed twice")
      #expect(try second.save(to: store) == 4)
      #expect(try branch.restored(from: store) == 5)
      #expect(try branch.save(5..<9, to: store) == 4)
    }
    let store = try scratch.open()
    #expect(try first.restored(from: store) == 9)
    #expect(try first.restored(from: store, limit: 3) == 3)
    #expect(try second.restored(from: store) == 4)
    #expect(try branch.restored(from: store) == 9)
    #expect(try Sequence(seed: 3, blocks: 4).restored(from: store) == 0)
    #expect(try store.verify() == StoreFindings(opened: 3, bytes: 3 * 4096, refused: [], leftBytes: 0))
  }

  @Test("pages behind a gap are not sealed: nobody could find them")
  func gap() throws {
    let store = try scratch.open()
    #expect(try Sequence(seed: 1, blocks: 9).save(3..<9, to: store) == 0)
    #expect(store.byteCount == 0)
  }

  @Test("another tenant, another model and other marks find nothing")
  func apart() throws {
    let sequence = Sequence(seed: 1, blocks: 3)
    let store = try scratch.open()
    _ = try sequence.save(to: store, scope: Scratch.scope("ada"))
    #expect(try sequence.restored(from: store, scope: Scratch.scope("ada")) == 3)
    #expect(try sequence.restored(from: store, scope: Scratch.scope("bob")) == 0)
    #expect(try sequence.restored(from: store, scope: Scratch.scope("ada", model: 2)) == 0)
    var other = sequence
    other.written[1] ^= 4
    #expect(try other.restored(from: store, scope: Scratch.scope("ada")) == 1)
  }

  @Test("sessions keep their content under their name, the newest alone")
  func sessions() throws {
    func record(_ name: String, _ tenant: String = "") -> SessionRecord {
      SessionRecord(
        tenant: tenant, name: name, model: "m", modelIdentity: [1], tokenCount: 3, turnCount: 1,
        updated: SealedStore.now)
    }
    do {
      let store = try scratch.open()
      try store.save(record("a"), content: [1, 2, 3])
      try store.save(record("a"), content: [4])
      try store.save(record("b", "ada"), content: [])
    }
    let store = try scratch.open()
    #expect(try store.session(named: "a", of: "")?.content == [4])
    #expect(try store.session(named: "b", of: "ada")?.content == [])
    #expect(try store.session(named: "b", of: "") == nil)
    #expect(store.sessions().map(\.name).sorted() == ["a", "b"] && store.sessions(of: "ada").count == 1)
    #expect(try store.verify().opened == 2 && store.verify().leftBytes == 0)
  }

  @Test("what is longer than is read at a time goes where it belongs, into pieces of any length")
  func pieces() throws {
    let store = try scratch.open()
    let content = (0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    try store.save(
      SessionRecord(
        tenant: "", name: "s", model: "m", modelIdentity: [1], tokenCount: 3, turnCount: 1, updated: 1),
      content: content)
    #expect(try store.session(named: "s", of: "")?.content == content)
    let extent = try #require(store.index.withLock { $0.extents.values.first })
    // The last are more than one call takes.
    let cases = [
      (0, [262_144, 1, 300_000, 137_856], 700_001), (0, [262_143, 0, 262_146], 524_289), (0, [5], 5), (9, [5, 6], 11),
      (300_000, [262_145, 7], 262_152), (3, [Int](repeating: 7, count: 600), 4_200),
    ]
    for (skipped, lengths, total) in cases {
      var bytes = [UInt8](repeating: 0, count: total)
      try unsafe bytes.withUnsafeMutableBytes { bytes in
        var (pieces, place): ([UnsafeMutableRawBufferPointer], Int) = unsafe ([], 0)
        for length in lengths {
          unsafe pieces.append(.init(rebasing: bytes[place..<place + length]))
          place += length
        }
        try unsafe store.open(extent, into: pieces, skipping: skipped)
      }
      #expect(bytes == Array(content[skipped..<skipped + total]), "\(lengths)")
    }
  }

  @Test("the limit is never passed, and what was used last stays")
  func limit() throws {
    let limit = 40 * 4096
    let store = try scratch.open(limit: limit)
    let favourite = Sequence(seed: 99, blocks: 2)
    _ = try favourite.save(to: store)
    for seed in 0..<60 as Range<UInt64> {
      _ = try Sequence(seed: seed, blocks: 2).save(to: store)
      #expect(try favourite.restored(from: store) == 2)
      #expect(try scratch.bytesOnDisk() <= limit + 4096, "after \(seed)")
    }
    #expect(try Sequence(seed: 0, blocks: 2).restored(from: store) == 0)
    #expect(try Sequence(seed: 59, blocks: 2).restored(from: store) == 2)
    #expect(try store.verify().refused == [] && store.verify().leftBytes == 0)
    #expect(throws: SpudError.self) {
      try store.save(
        SessionRecord(
          tenant: "", name: "large", model: "", modelIdentity: [], tokenCount: 0, turnCount: 0, updated: 0),
        content: [UInt8](repeating: 1, count: limit))
    }
    // That was refused, and harmed nothing.
    #expect(try Sequence(seed: 500, blocks: 2).save(to: store) == 2)
  }

  @Test("one process writes; another reads what was there when it opened")
  func twoWriters() throws {
    let writer = try scratch.open()
    let sequence = Sequence(seed: 1, blocks: 2)
    _ = try sequence.save(to: writer)
    let reader = try scratch.open()
    #expect(writer.canWrite && !reader.canWrite)
    #expect(try sequence.restored(from: reader) == 2)
    let error = #expect(throws: SpudError.self) { try Sequence(seed: 2, blocks: 1).save(to: reader) }
    #expect(error?.message.contains("another process") == true)
    _ = try writer.forget(.everything)
    #expect(try sequence.restored(from: reader) == 0)
  }

  @Test("forgetting takes the keys from the manifest and the bytes from the segments, of that conversation alone")
  func forget() throws {
    let first = Sequence(seed: 1, blocks: 6)
    var second = first
    second.ids[4 * 32] += 1
    do {
      let store = try scratch.open()
      _ = try first.save(0..<4, to: store)
      _ = try first.save(to: store)
      _ = try second.save(to: store)
      for (name, sequence) in [("first", first), ("second", second)] {
        try store.save(
          SessionRecord(
            tenant: "", name: name, model: "", modelIdentity: [], tokenCount: sequence.ids.count, turnCount: 1,
            updated: 1), content: Array(name.utf8))
      }
      #expect(store.index.withLock { $0.extents.count } == 5)
      let paths = [("first", first), ("second", second)].map {
        SessionPath(name: $0, ids: $1.ids, written: $1.written)
      }
      #expect(try store.forget(.session(name: "first", tenant: "", paths: paths)) == 2)
      #expect(try first.restored(from: store) == 4)
      #expect(try second.restored(from: store) == 6)
    }
    let store = try scratch.open()
    #expect(try first.restored(from: store) == 4 && second.restored(from: store) == 6)
    #expect(store.sessions().map(\.name) == ["second"])
    let findings = try store.verify()
    #expect(findings.refused == [] && findings.leftBytes == 0 && findings.opened == 3)
  }

  @Test("with another key nothing opens, and after rekeying the old one is another")
  func keys() throws {
    let sequence = Sequence(seed: 1, blocks: 3)
    _ = try sequence.save(to: scratch.open())
    #expect(throws: SpudError.self) { try scratch.open(key: Scratch.key(8)) }
    do {
      let store = try scratch.open()
      try store.rekey(Scratch.key(9))
      #expect(try sequence.restored(from: store) == 3)
      _ = try Sequence(seed: 2, blocks: 3).save(to: store)
    }
    #expect(throws: SpudError.self) { try scratch.open() }
    let store = try scratch.open(key: Scratch.key(9))
    #expect(try sequence.restored(from: store) == 3)
    #expect(try Sequence(seed: 2, blocks: 3).restored(from: store) == 3)
    var words = Array("something to remember".utf8)
    #expect(throws: SpudError.self) { try scratch.open(key: .passphrase(Secret(taking: &words))) }
  }

  @Test("a passphrase opens what it locked")
  func passphrase() throws {
    func key(_ words: String) -> MasterKey {
      var bytes = Array(words.utf8)
      return .passphrase(Secret(taking: &bytes))
    }
    let sequence = Sequence(seed: 1, blocks: 1)
    _ = try sequence.save(to: scratch.open(key: key("the star is red")))
    #expect(try sequence.restored(from: scratch.open(key: key("the star is red"))) == 1)
    #expect(throws: SpudError.self) { try scratch.open(key: key("the star is blue")) }
    #expect(throws: SpudError.self) { try scratch.open() }
    // A header that asks for more than a machine has is refused before anything is spent.
    var manifest = try scratch.bytes("manifest")
    manifest[8 + 4 + 16 + 1] = 40
    try scratch.put(manifest, at: "manifest")
    let error = #expect(throws: SpudError.self) { try scratch.open(key: key("the star is red")) }
    #expect(error?.message.contains("2^40") == true)
  }

  @Test("files are their owner's alone, and nothing is readable in them")
  func modes() throws {
    let store = try scratch.open()
    _ = try Sequence(seed: 1, blocks: 2).save(to: store)
    try store.save(
      SessionRecord(
        tenant: "tenant-name", name: "session-name", model: "model-name", modelIdentity: [], tokenCount: 0,
        turnCount: 0, updated: 0), content: Array("the words of it".utf8))
    for name in ["lock", "manifest", "segments/00000001"] {
      let mode = try FileManager.default.attributesOfItem(atPath: scratch.store + "/" + name)[.posixPermissions]
      #expect((mode as? NSNumber)?.intValue == 0o600, "\(name)")
      let bytes = try scratch.bytes(name)
      for word in ["tenant-name", "session-name", "model-name", "the words"] {
        #expect(!bytes.contains(Array(word.utf8)), "\(word) in \(name)")
      }
    }
  }

  @Test("an older version, a directory of something else and a missing manifest are refused by name")
  func refusals() throws {
    _ = try scratch.open()
    var manifest = try scratch.bytes("manifest")
    manifest[8] = 9
    try scratch.put(manifest, at: "manifest")
    let version = #expect(throws: SpudError.self) { try scratch.open() }
    #expect(version?.message.contains("version 9") == true)
    try FileManager.default.removeItem(atPath: scratch.store + "/manifest")
    let missing = #expect(throws: SpudError.self) { try scratch.open() }
    #expect(missing?.message.contains("manifest is missing") == true)
    try scratch.put([1], at: "letter.txt")
    let other = #expect(throws: SpudError.self) { try scratch.open() }
    #expect(other?.message.contains("holds no store") == true)
  }
}

extension Scratch {
  func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: store + "/" + name)))
  }

  func put(_ bytes: [UInt8], at name: String) throws {
    try Data(bytes).write(to: URL(filePath: store + "/" + name))
  }

  /// What the store's files take, holes left out.
  func bytesOnDisk() throws -> Int {
    let all = FileManager.default.enumerator(atPath: store)?.compactMap { $0 as? String } ?? []
    return try all.reduce(0) { sum, name in
      var status = stat()
      guard unsafe stat(store + "/" + name, &status) == 0 else { throw CocoaError(.fileReadUnknown) }
      return status.st_mode & S_IFMT == S_IFREG ? sum + Int(status.st_blocks) * 512 : sum
    }
  }
}
