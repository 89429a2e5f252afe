internal import Foundation
internal import SpudErrors
internal import SpudInference

/// Where a model, and what else a repository holds, is looked for when the command line names none.
enum DefaultModel {
  static let relativePath = "Models/spud-nano"

  /// The model given (see `ModelLocation`), or else `$SPUD_MODEL`, or else `Models/spud-nano` below the current
  /// directory, or below a directory that holds the program (as `.build/release/spud` lies in its repository).
  ///
  /// - Throws: `SpudError` (`noInput`) when there is none of them.
  static func resolve(_ given: String?) throws -> String {
    if let given { return try ModelLocation().resolve(given) }
    if let named = Terminal.environment["SPUD_MODEL"], !named.isEmpty { return try ModelLocation().resolve(named) }
    if let found = find(relativePath) { return found }
    throw SpudError(
      .noInput,
      "no model was named and there is no \(relativePath) here or beside the program: give -m DIR or set SPUD_MODEL")
  }

  /// What `find` finds, or else the path itself, for a message to name.
  static func found(_ relativePath: String) -> String { find(relativePath) ?? relativePath }

  /// The path below the current directory, or below a directory that holds the program; nil when neither is there.
  static func find(_ relativePath: String) -> String? {
    var paths = [relativePath]
    if let program = Bundle.main.executablePath {
      var directory = URL(filePath: program).resolvingSymlinksInPath().deletingLastPathComponent()
      for _ in 0..<5 where directory.path != "/" {
        paths.append(directory.appending(path: relativePath).path)
        directory = directory.deletingLastPathComponent()
      }
    }
    return paths.first { FileManager.default.fileExists(atPath: $0) }
  }
}
