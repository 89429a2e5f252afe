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
      "0 takes the likeliest token each time; 1 draws tokens as often as the model predicts; at most 5. Default of "
        + "this and the next three: what the checkpoint advises, as 'spud inspect' tells; 0 where it does not.",
      valueName: "t"))
  var temperature: Float?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Draw among the k likeliest tokens; 0 among all.", valueName: "k"))
  var topK: Int?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Draw among the fewest tokens whose probabilities add up to p.", valueName: "p"))
  var topP: Float?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Leave out tokens less likely than p times the likeliest.", valueName: "p"))
  var minP: Float?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "Divide the logits of tokens that are there already by p (above 1: repeat less).", valueName: "p"))
  var repetitionPenalty: Float?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "Draw as this number says: the same seed gives the same answer. Default: another each time, which --stats and "
        + "--json tell.",
      valueName: "s"),
    transform: Seed.parse)
  var seed: UInt64?

  func validate() throws {
    func require(_ holds: Bool, _ option: String, _ value: some CustomStringConvertible, _ range: String) throws {
      guard holds else { throw ValidationError("--\(option) is \(value), but must be \(range).") }
    }
    if let temperature { try require((0...5).contains(temperature), "temperature", temperature, "between 0 and 5") }
    if let topK { try require(topK >= 0, "top-k", topK, "0 or more") }
    if let topP { try require(topP > 0 && topP <= 1, "top-p", topP, "above 0 and at most 1") }
    if let minP { try require(minP >= 0 && minP <= 1, "min-p", minP, "between 0 and 1") }
    if let repetitionPenalty {
      try require(
        repetitionPenalty > 0 && repetitionPenalty <= 100, "repetition-penalty", repetitionPenalty,
        "above 0 and at most 100")
    }
    if let maxTokens, maxTokens < 1 {
      throw ValidationError("--max-tokens is \(maxTokens), but must be 1 or more.")
    }
  }

  /// The sampling asked for, the rest as the model's files advise, with a seed of its own where none is given.
  func value(for model: Model) -> Sampling {
    var sampling = model.defaultSampling
    if let temperature { sampling.temperature = temperature }
    if let topK { sampling.topK = topK }
    if let topP { sampling.topP = topP }
    if let minP { sampling.minP = minP }
    if let repetitionPenalty { sampling.repetitionPenalty = repetitionPenalty }
    sampling.seed = seed ?? Seed.random()
    return sampling
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
