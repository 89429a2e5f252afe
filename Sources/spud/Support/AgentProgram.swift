internal import Foundation
internal import SpudErrors
internal import SpudSupport

/// The program `spud-agent`, which has all that needs a browser or a sandbox.
enum AgentProgram {
  private static let name = "spud-agent"

  /// Has it go on in this process, with the arguments of this one.
  ///
  /// - Throws: `SpudError` (`unavailable`) when there is none.
  static func replaceProcess() throws -> Never {
    try ProgramCalls.replaceProcess(with: try find(), arguments: Array(CommandLine.arguments.dropFirst()))
  }

  /// In a checkout that of its build folder, elsewhere the one beside this program.
  private static func find() throws -> String {
    let own = URL(filePath: Bundle.main.executablePath ?? CommandLine.arguments[0]).resolvingSymlinksInPath()
    var directory = own.deletingLastPathComponent()
    var places = [directory.appending(path: name)]
    for _ in 0..<5 where directory.path != "/" {
      places.insert(directory.appending(path: ".build-agent/release/\(name)"), at: 0)
      directory = directory.deletingLastPathComponent()
    }
    guard let found = places.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
      throw SpudError(.unavailable, "\(name) is not built, nor beside this program: Scripts/install agent")
    }
    return found.path
  }
}
