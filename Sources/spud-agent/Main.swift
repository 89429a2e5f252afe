internal import ArgumentParser
internal import Foundation
internal import SpudErrors

/// What `spud agent`, `spud portal` and `spud miniwob` start: all that needs a browser or a sandbox.
struct SpudAgentProgram: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spud", abstract: "An agent, the portal that it works in, and pages that measure it.",
    subcommands: [AgentCommand.self, PortalCommand.self, MiniwobCommand.self])
}

@main
enum Main {
  static func main() {
    do {
      var command = try SpudAgentProgram.parseAsRoot()
      try command.run()
    } catch let error as SpudError {
      Output.report("spud: \(error.message)")
      exit(error.code.rawValue)
    } catch {
      let code = SpudAgentProgram.exitCode(for: error)
      let text = SpudAgentProgram.fullMessage(for: error)
      if code == .success {
        print(text)
      } else if !text.isEmpty {
        Output.report(text.hasPrefix("Error: ") ? "spud: \(text.dropFirst("Error: ".count))" : text)
      }
      exit(code.rawValue)
    }
  }
}
