internal import ArgumentParser

/// How the next token is chosen.
struct SamplingOptions: ParsableArguments {
  @Option(name: [.customShort("n"), .long], help: ArgumentHelp("Stop after this many tokens.", valueName: "n"))
  var maxTokens: Int?

  @Option(
    name: .long,
    help: ArgumentHelp("0 takes the likeliest token; 1 samples as the model predicts.", valueName: "t"))
  var temperature: Float = 0

  @Option(name: .long, help: ArgumentHelp("Sample among the k likeliest tokens; 0 among all.", valueName: "k"))
  var topK = 0

  @Option(
    name: .long, help: ArgumentHelp("Sample among the fewest tokens whose probabilities reach p.", valueName: "p"))
  var topP: Float = 1

  @Option(
    name: .long,
    help: ArgumentHelp("Leave out tokens less likely than p times the likeliest.", valueName: "p"))
  var minP: Float = 0

  @Option(name: .long, help: ArgumentHelp("The same seed gives the same output.", valueName: "s"))
  var seed: UInt64 = 0

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
}
