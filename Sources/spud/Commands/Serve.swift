internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudOptions
internal import SpudSupport

/// `spud serve`: models behind HTTP. The server is a program of its own, built when it is first asked for.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Serve models over HTTP, in the forms of OpenAI's and Anthropic's interfaces, with a page to talk to them.",
    discussion: """
      Without -m it serves the model that comes with the project. Clients take http://127.0.0.1:8080/v1 for their base \
      URL and any key; a browser finds a page at http://127.0.0.1:8080/, and programs what there is at /openapi.json. \
      SIGTERM or Ctrl-C ends it: answers that are being made have 5 seconds.

      With --memory what was read and answered is sealed on disk behind the answers, and found again by the next \
      server: a conversation that a client sends whole is read from where it is new. Each tenant of --api-key-file has \
      keys of its own there, and finds nothing of another's. spud_memory_tokens at /metrics tells what is safe and \
      what waits.

      Examples:
        spud serve
        spud serve -m nano=Models/spud-nano -m Qwen3-30B-A3B --cache-size 8G
        spud serve --memory ~/spud-memory --key-file key
        spud serve --host 0.0.0.0 --api-key-file keys.txt --rate-limit 60
      """)

  @OptionGroup var options: ServeOptions

  func run() throws {
    let program = try CompanionProgram.server.find()
    let arguments = Array(CommandLine.arguments.drop { $0 != "serve" }.dropFirst())
    try ProgramCalls.replaceProcess(with: program, arguments: arguments)
  }
}
