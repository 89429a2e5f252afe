internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudOptions
#if Server
internal import SpudServer
#endif

/// `spud-server`: what `spud serve` runs.
struct Program: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spud-server", abstract: "Serve models over HTTP; spud serve starts it.")

  @OptionGroup var options: ServeOptions

  func run() async throws {
    #if Server
    try await SpudServer.run(options) { try DefaultModelPath.find() }
    #else
    throw SpudError(.unavailable, "this program was built without its server: Scripts/install server builds it")
    #endif
  }
}

@main
enum Main {
  static func main() async {
    do {
      let command = try Program.parse()
      try await command.run()
    } catch {
      if let error = error as? SpudError {
        say("spud: \(error.message)")
        exit(error.code.rawValue)
      }
      let text = Program.fullMessage(for: error)
      let code = Program.exitCode(for: error)
      if code == .success { print(text) } else { say(text.replacing("Error: ", with: "spud: ", maxReplacements: 1)) }
      exit(code.rawValue)
    }
  }

  private static func say(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8)) }
}
