internal import ArgumentParser
internal import SpudInference

/// How the next token is chosen.
struct SamplingOptions: ParsableArguments {
  @Option(
    name: [.customShort("n"), .long], parsing: .unconditional,
    help: ArgumentHelp("End the answer after this many tokens, thoughts included. Default: 1024.", valueName: "n"))
  var maxTokens: Int?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "0 takes the likeliest token each time; 1 draws tokens as often as the model predicts; at most 5.",
      valueName: "t"))
  var temperature: Float = 0

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Draw among the k likeliest tokens; 0 among all.", valueName: "k"))
  var topK = 0

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Draw among the fewest tokens whose probabilities add up to p.", valueName: "p"))
  var topP: Float = 1

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Leave out tokens less likely than p times the likeliest.", valueName: "p"))
  var minP: Float = 0

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "Draw as this number says: the same seed gives the same answer. Default: another each time, which --stats and "
        + "--json tell.",
      valueName: "s"),
    transform: Seed.parse)
  var seed: UInt64?

  func validate() throws {
    guard temperature.isFinite, (0...5).contains(temperature) else {
      throw ValidationError("--temperature is \(temperature), but must be between 0 and 5.")
    }
    guard topK >= 0 else { throw ValidationError("--top-k is \(topK), but must be 0 or more.") }
    guard topP > 0, topP <= 1 else { throw ValidationError("--top-p is \(topP), but must be above 0 and at most 1.") }
    guard minP >= 0, minP <= 1 else { throw ValidationError("--min-p is \(minP), but must be between 0 and 1.") }
    if let maxTokens, maxTokens < 1 {
      throw ValidationError("--max-tokens is \(maxTokens), but must be 1 or more.")
    }
  }

  /// The sampling asked for, with a seed of its own where none is given.
  var value: Sampling {
    Sampling(temperature: temperature, topK: topK, topP: topP, minP: minP, seed: seed ?? Seed.random())
  }
}

/// Where random numbers start.
enum Seed {
  /// - Throws: `ValidationError` that says what a seed is.
  static func parse(_ argument: String) throws -> UInt64 {
    guard let seed = UInt64(argument) else {
      throw ValidationError("--seed is \(argument), but must be a whole number from 0 to \(UInt64.max).")
    }
    return seed
  }

  /// A seed that nobody chose: small enough to be typed again, and for every reader of JSON to keep exactly.
  static func random() -> UInt64 { .random(in: 0...UInt64(UInt32.max)) }
}
