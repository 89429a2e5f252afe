import Foundation
import Glibc
import SpudErrors
import SpudSupport
import Synchronization
import Testing

@Suite("Files put in place whole")
final class AtomicFileTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "spud-support-\(UUID().uuidString)")
  private var path: String { folder.appending(path: "file").path }

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: folder) }

  private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
  private var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()) ?? [] }

  /// What a descriptor is open on: how much a file holds, or the name of a directory.
  private static func kind(of descriptor: Int32) -> String {
    let path = "/proc/self/fd/\(descriptor)"
    if let data = try? Data(contentsOf: URL(filePath: path)) { return "file of \(data.count)" }
    return (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? "closed"
  }

  @Test("a file is on its device before it takes its name, and its directory after")
  func synchronized() throws {
    let log = Mutex<[String]>([])
    let calls = FileCalls(
      synchronize: { descriptor in
        log.withLock { $0.append("synchronize \(Self.kind(of: descriptor))") }
        return 0
      },
      rename: { old, new in
        log.withLock { $0.append("rename to \(new)") }
        return FileCalls.system.rename(old, new)
      })
    try AtomicFile.write(to: path, calls: calls) { try $0.write([1, 2, 3]) }
    #expect(log.withLock { $0 } == ["synchronize file of 3", "rename to \(path)", "synchronize \(folder.path)"])
    #expect(names == ["file"])
  }

  @Test("the system's calls are the system's")
  func system() throws {
    // What is open on nothing cannot be synchronized, and a pipe neither.
    errno = 0
    #expect(FileCalls.system.synchronize(-1) == -1 && errno == EBADF)
    let pipe = Pipe()
    errno = 0
    #expect(FileCalls.system.synchronize(pipe.fileHandleForReading.fileDescriptor) == -1 && errno == EINVAL)
  }

  @Test("whatever fails, the old file stays and nothing is left beside it", arguments: 0..<3)
  func failures(step: Int) throws {
    try AtomicFile.write(Array("old".utf8), to: path)
    var calls = FileCalls.system
    if step == 1 {
      calls.synchronize = { _ in
        errno = EIO
        return -1
      }
    }
    if step == 2 {
      calls.rename = { _, _ in
        errno = EACCES
        return -1
      }
    }
    let error = #expect(throws: SpudError.self) {
      try AtomicFile.write(to: path, calls: calls) { file in
        try file.write(Array("new".utf8))
        if step == 0 { throw SpudError(.badData, "no more") }
      }
    }
    #expect(error?.message.contains(step == 0 ? "no more" : "\(path): cannot be") == true)
    #expect(try text(path) == "old")
    #expect(names == ["file"])
  }

  @Test("a file that is written again keeps its permissions")
  func permissions() throws {
    try AtomicFile.write([1], to: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    try AtomicFile.write([2], to: path)
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
  }

  @Test("nothing lies beside the place of a file while it is written")
  func nameless() throws {
    try AtomicFile.write(to: path) { file in
      try file.write([1])
      #expect(names.isEmpty)
    }
    #expect(names == ["file"])
  }

  @Test("a link is followed, a device is written to, and a directory is refused")
  func otherThings() throws {
    let link = folder.appending(path: "link").path
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    try AtomicFile.write(Array("old".utf8), to: path)
    try AtomicFile.write(Array("new".utf8), to: link)
    #expect(try text(path) == "new")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == path)
    try AtomicFile.write([1], to: "/dev/null")
    #expect(throws: SpudError.self) { try AtomicFile.write([1], to: folder.path) }
    #expect(throws: SpudError.self) { try AtomicFile.write([1], to: path + "/below") }
    #expect(names == ["file", "link"])
  }
}
