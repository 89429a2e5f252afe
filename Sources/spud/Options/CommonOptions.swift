internal import ArgumentParser
internal import Foundation
internal import SpudErrors

/// `-m`: which model.
struct ModelOptions: ParsableArguments {
  @Option(
    name: [.customShort("m"), .customLong("model")],
    help: ArgumentHelp(
      """
      The model: a directory with config.json, a .gguf file, or OWNER/NAME of a model that Hugging Face's tools have \
      downloaded. Default: $SPUD_MODEL, else Models/spud-nano.
      """,
      valueName: "path"),
    completion: .file())
  var path: String?

  /// The path given, or the default model's.
  func resolved() throws -> String { try DefaultModel.resolve(path) }
}

/// `-t`: how many threads compute.
struct ThreadOptions: ParsableArguments {
  @Option(
    name: [.short, .long], parsing: .unconditional,
    help: ArgumentHelp("Threads that compute. Default: all processors.", valueName: "n"))
  var threads: Int?

  var count: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

  func validate() throws {
    if let threads { try Self.check(threads) }
  }

  static func check(_ threads: Int) throws {
    // More than there are processors only wait for each other; a few are let pass, for tests.
    let most = 4 * ProcessInfo.processInfo.activeProcessorCount
    guard (1...most).contains(threads) else {
      throw ValidationError(
        "--threads is \(threads), but must be between 1 and \(most), four times the processors of this machine.")
    }
  }
}

/// `--json`: print one JSON object instead of text.
struct JSONOptions: ParsableArguments {
  @Flag(name: .long, help: "Print one JSON object instead; its \"schema\" number rises when a key changes its meaning.")
  var json = false
}
