internal import Foundation

/// A file for the readers that take only a path.
enum ScratchFile {
  private static let folder: URL = {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "spud-fuzz-\(ProcessInfo.processInfo.processIdentifier)")
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }()

  /// Calls `body` with the path of a file of that name that holds `bytes`; it is alone in its directory.
  static func with<Result>(_ bytes: [UInt8], name: String, _ body: (String) throws -> Result) throws -> Result {
    let url = folder.appending(path: name)
    try Data(bytes).write(to: url)
    return try body(url.path)
  }

  static func remove() { try? FileManager.default.removeItem(at: folder) }
}
