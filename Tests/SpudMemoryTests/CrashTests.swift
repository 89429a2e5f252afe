import Foundation
import SpudErrors
import Testing

@testable import SpudMemory

@Suite("A store whose writer was stopped")
struct CrashTests {
  /// Everything that a process does to a store, with what had been promised after each change.
  struct Story {
    var changes: [RecordingFiles.Change]
    /// How many changes there were when a step had returned, and what may be expected from then on.
    var promises: [(after: Int, name: String)]
  }

  let scratch: Scratch
  let first = Sequence(seed: 1, blocks: 3)
  let second = Sequence(seed: 2, blocks: 2)

  init() throws { scratch = try Scratch() }

  /// The steps of the story; each throws what the store throws.
  func steps(_ store: SealedStore) -> [(String, () throws -> Void)] {
    [
      ("first", { _ = try first.save(to: store) }),
      ("session", { try store.save(TamperingTests.record("a"), content: [1, 2, 3]) }),
      ("second", { _ = try second.save(to: store) }),
      ("session again", { try store.save(TamperingTests.record("a"), content: [4]) }),
      ("rekeyed", { try store.rekey(Scratch.key()) }),
      ("third", { _ = try Sequence(seed: 3, blocks: 1).save(to: store) }),
    ]
  }

  func tell(_ files: RecordingFiles) throws -> Story {
    var story = Story(changes: [], promises: [])
    let store = try scratch.open(files: files)
    story.promises.append((files.changes.count, "made"))
    for (name, step) in steps(store) {
      try step()
      story.promises.append((files.changes.count, name))
    }
    story.changes = files.changes
    return story
  }

  /// Opens a store that a crash left, and checks that it holds what had been promised.
  func check(_ path: String, state: String, promised: Set<String>, _ comment: Comment) throws {
    let store = try scratch.open(at: path, state: state)
    if promised.contains("first") { #expect(try first.restored(from: store) == 3, comment) }
    if promised.contains("second") { #expect(try second.restored(from: store) == 2, comment) }
    try first.restored(from: store)
    try second.restored(from: store)
    let content = try store.session(named: "a", of: "")?.content
    #expect(content == nil || content == [1, 2, 3] || content == [4], comment)
    if promised.contains("session") { #expect(content != nil, comment) }
    if promised.contains("session again") { #expect(content == [4], comment) }
    let findings = try store.verify()
    #expect(findings.refused == [] && findings.leftBytes == 0, comment)
    // And it goes on.
    let after = Sequence(seed: 9, blocks: 2)
    #expect(try after.save(to: store) == 2, comment)
    #expect(try after.restored(from: store) == 2, comment)
  }

  @Test("after every beginning of its writes a store opens, and nothing that was promised is lost")
  func prefixes() throws {
    let story = try tell(RecordingFiles())
    #expect(story.changes.count > 60)
    for count in 0...story.changes.count {
      for crash in RecordingFiles.Crash.allCases {
        let root = scratch.root + "/replay-\(count)-\(crash)"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        try RecordingFiles.replay(story.changes, count: count, crash: crash, moving: scratch.root, to: root)
        let promised = Set(story.promises.filter { $0.after <= count }.map(\.name))
        try check(root + "/store", state: root + "/state", promised: promised, "after \(count), \(crash)")
      }
    }
  }

  @Test("whichever of its calls fails, the store says so, goes on reading, and opens again")
  func failures() throws {
    let count = try tell(RecordingFiles()).changes.count
    for index in 0..<count {
      let fresh = try Scratch()
      let files = RecordingFiles()
      files.fail(at: index, with: SpudError(.io, "there is no room left"))
      var promised: Set<String> = []
      do {
        let store = try fresh.open(files: files)
        for (name, step) in steps(store) {
          do {
            try step()
            promised.insert(name)
          } catch is SpudError {}
        }
        // What was read before can be read still.
        if promised.contains("first") { #expect(try first.restored(from: store) == 3) }
      } catch is SpudError {}
      let again = try fresh.open()
      if promised.contains("first") { #expect(try first.restored(from: again) == 3, "call \(index)") }
      if promised.contains("second") { #expect(try second.restored(from: again) == 2, "call \(index)") }
      if promised.contains("session again") {
        #expect(try again.session(named: "a", of: "")?.content == [4], "call \(index)")
      }
      let findings = try again.verify()
      #expect(findings.refused == [] && findings.leftBytes == 0, "call \(index)")
    }
  }
}
