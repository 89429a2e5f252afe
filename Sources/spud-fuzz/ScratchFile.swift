internal import Foundation

/// A file for the readers that take only a path.
enum ScratchFile {
  private static let url = FileManager.default.temporaryDirectory
    .appending(path: "spud-fuzz-\(ProcessInfo.processInfo.processIdentifier)")

  static func with<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
    try Data(bytes).write(to: url)
    return try body(url.path)
  }

  static func remove() { try? FileManager.default.removeItem(at: url) }
}
