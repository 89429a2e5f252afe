internal import SpudErrors

/// How the next token is chosen among those that the grammar allows.
///
/// The steps apply in this order, as in `transformers`: penalties and biases, temperature, top-k, top-p, min-p. The
/// same seed gives the same output, whatever the number of threads.
public struct Sampling: Sendable, Equatable {
  /// 0 takes the likeliest token every time; 1 samples as the model predicts; more is bolder.
  public var temperature: Float
  /// Only the k likeliest tokens may be drawn; 0 is no such limit.
  public var topK: Int
  /// Only the fewest tokens whose probabilities together reach this may be drawn; 1 is no such limit.
  public var topP: Float
  /// Tokens less likely than this times the likeliest are left out; 0 is no such limit.
  public var minP: Float
  /// Logits of ids that the prompt or the answer holds are divided by this if they are positive and multiplied by it
  /// if not; 1 changes nothing (Keskar et al., "CTRL", 2019).
  public var repetitionPenalty: Float
  /// Taken off the logits of ids that the answer holds.
  public var presencePenalty: Float
  /// Taken off the logits of ids once for each time that the answer holds them.
  public var frequencyPenalty: Float
  /// Added to the logits of ids.
  public var logitBias: [Int32: Float]
  /// Where the random numbers start.
  public var seed: UInt64

  public init(
    temperature: Float = 0, topK: Int = 0, topP: Float = 1, minP: Float = 0, repetitionPenalty: Float = 1,
    presencePenalty: Float = 0, frequencyPenalty: Float = 0, logitBias: [Int32: Float] = [:], seed: UInt64 = 0
  ) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.repetitionPenalty = repetitionPenalty
    self.presencePenalty = presencePenalty
    self.frequencyPenalty = frequencyPenalty
    self.logitBias = logitBias
    self.seed = seed
  }

  /// Whether logits are changed before one is chosen.
  var changesLogits: Bool {
    repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0 || !logitBias.isEmpty
  }

  /// The likeliest token, always; of equals the one with the lowest id.
  public static let greedy = Sampling()

  /// - Throws: `SpudError` (`usage`) naming the value that is out of range.
  func check() throws {
    func require(_ holds: Bool, _ name: String, _ value: some CustomStringConvertible, _ range: String) throws {
      guard holds else { throw SpudError(.usage, "\(name) is \(value), but must be \(range)") }
    }
    try require(temperature >= 0 && temperature <= 5, "temperature", temperature, "between 0 and 5")
    try require(topK >= 0, "top-k", topK, "0 or more")
    try require(topP > 0 && topP <= 1, "top-p", topP, "above 0 and at most 1")
    try require(minP >= 0 && minP <= 1, "min-p", minP, "between 0 and 1")
    try require(
      repetitionPenalty > 0 && repetitionPenalty <= 100, "the repetition penalty", repetitionPenalty,
      "above 0 and at most 100")
    try require(abs(presencePenalty) <= 100, "the presence penalty", presencePenalty, "between -100 and 100")
    try require(abs(frequencyPenalty) <= 100, "the frequency penalty", frequencyPenalty, "between -100 and 100")
    for (id, bias) in logitBias {
      try require(id >= 0, "an id with a bias", id, "0 or more")
      try require(abs(bias) <= 1000, "the bias of id \(id)", bias, "between -1000 and 1000")
    }
  }
}
