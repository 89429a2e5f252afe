import Foundation
import Testing

@testable import SpudInference

/// What control groups leave a process.
@Suite("The system's memory")
struct SystemMemoryTests {
  /// No limit, as version 1 of control groups writes it.
  private static let unlimited = 9_223_372_036_854_771_712

  @Test(
    "what a group leaves is its limit less what is used, pages of files not counted",
    arguments: [
      (limit: 1000, used: 700, files: 200, left: 500), (1000, 1700, 200, 0), (1000, 100, 200, 1000),
      (unlimited, 700, 200, unlimited - 500), (unlimited, 100_000, 900_000, unlimited), (.max, 1, .max, .max),
    ])
  func left(limit: Int, used: Int, files: Int, left: Int) throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "group-\(UUID())")
    defer { try? FileManager.default.removeItem(at: root) }
    try FileManager.default.createDirectory(at: root.appending(path: "a"), withIntermediateDirectories: true)
    for (name, text) in [("limit", "\(limit)\n"), ("usage", "\(used)\n"), ("memory.stat", "x 1\nfile \(files)\n")] {
      try Data(text.utf8).write(to: root.appending(path: "a/\(name)"))
    }
    let group = ControlGroup(root: root.path, limit: "limit", usage: "usage", files: "file")
    #expect(group.left(in: "/a") == left)
    #expect(group.left(in: "/b") == nil)
  }

  @Test("something is available")
  func available() { #expect(SystemMemory.available > 0) }
}
