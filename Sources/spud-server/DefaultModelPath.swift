internal import Foundation
internal import SpudErrors

/// The model that is served where none is named: `$SPUD_MODEL`, or `Models/spud-nano` here or above the program.
enum DefaultModelPath {
  static func find() throws -> String {
    if let named = ProcessInfo.processInfo.environment["SPUD_MODEL"], !named.isEmpty { return named }
    let relative = "Models/spud-nano"
    var paths = [relative]
    var directory = URL(filePath: Bundle.main.executablePath ?? ".").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    for _ in 0..<5 where directory.path != "/" {
      paths.append(directory.appending(path: relative).path)
      directory = directory.deletingLastPathComponent()
    }
    guard let found = paths.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
      throw SpudError(
        .noInput, "no model was named and there is no \(relative) here or beside the program: give -m DIR")
    }
    return found
  }
}
