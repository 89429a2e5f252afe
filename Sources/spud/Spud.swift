internal import ArgumentParser
internal import Foundation
internal import SpudErrors

/// The root command: it holds nothing but its subcommands, one file each in `Commands/`.
struct Spud: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spud",
    abstract: "Text, pictures, sound and video as one stream of tokens, through a mixture-of-experts model on a CPU.",
    discussion: """
      Examples:
        spud run "what colour is the star?" --image scene.png
        spud help run

      Answers go to standard output, progress and remarks to standard error. With --json a command prints one JSON \
      object. Exit codes: 0 done, 64 wrong usage, 65 bad data, 66 no such input, 69 something needed \
      is not installed, 70 a fault of ours, 74 reading or writing failed.

      Shell completions: spud --generate-completion-script bash > ~/.local/share/bash-completion/completions/spud
      (or zsh, or fish).
      """,
    version: version,
    subcommands: [
      Run.self,
      Chat.self,
      Serve.self,
      Tokenize.self,
      Detokenize.self,
      Fit.self,
      Inspect.self,
      Logits.self,
      Perplexity.self,
      Embed.self,
      Bench.self,
      Quantize.self,
      Copy.self,
      Compare.self,
      Memory.self,
      Guardian.self,
      Agent.self,
      Portal.self,
      Miniwob.self,
      Doctor.self,
    ])

  /// The version that `--version` prints: the newest in CHANGELOG.md.
  static let version = "0.2.0"
}

/// The process: parses, runs, and turns every failure into one sentence and one exit code.
@main
enum Main {
  static func main() async {
    do {
      try CommandNames.check(CommandLine.arguments.dropFirst())
      var command = try Spud.parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      let failure = Failure(error)
      failure.report()
      exit(failure.exitCode)
    }
  }
}

/// What the user is told about an error, and the exit code that goes with it.
struct Failure: Equatable {
  let exitCode: Int32
  /// The text to print; empty when there is nothing to say.
  let text: String

  init(_ error: any Error) {
    if let error = error as? SpudError {
      exitCode = error.code.rawValue
      text = "spud: \(error.message)"
      return
    }
    let code = Spud.exitCode(for: error)
    let message = Spud.fullMessage(for: error)
    if code == .failure, !(error is ExitCode) {
      // Nothing of ours throws anything but SpudError, so this is a fault, not input.
      exitCode = SpudError.Code.internal.rawValue
      text = "spud: \(error)"
    } else {
      exitCode = code.rawValue
      text = message.hasPrefix("Error: ") ? "spud: \(message.dropFirst("Error: ".count))" : message
    }
  }

  /// Prints the text: help and the version are answers, so they go to standard output.
  func report() {
    guard !text.isEmpty else { return }
    if exitCode == 0 {
      print(text)
    } else {
      Terminal.report(text)
    }
  }
}
