internal import Foundation
internal import SpudErrors
internal import Synchronization

/// A file of lines, opened before the work begins, that holds what was done however the work ends.
final class LogFile: Sendable {
  private let path: String
  private let file: Mutex<FileHandle>
  private let isWhole = Mutex(true)

  /// - Throws: `io` where it cannot be made.
  init(_ path: String) throws {
    self.path = path
    guard FileManager.default.createFile(atPath: path, contents: nil), let handle = FileHandle(forWritingAtPath: path)
    else { throw SpudError(.io, "\(path): the log cannot be written there") }
    file = Mutex(handle)
  }

  func add(_ line: String) {
    file.withLock { file in
      do {
        try file.write(contentsOf: Data((line + "\n").utf8))
      } catch {
        isWhole.withLock { $0 = false }
      }
    }
  }

  /// - Throws: `io` where a line could not be written.
  func finish() throws {
    guard isWhole.withLock({ $0 }) else { throw SpudError(.io, "\(path): not all of the log could be written") }
  }
}
