internal import SpudErrors

/// How the next token is chosen among those that the grammar allows.
///
/// The steps apply in this order, as in `transformers`: temperature, top-k, top-p, min-p. The same seed gives
/// the same output, whatever the number of threads.
public struct Sampling: Sendable, Equatable {
  /// 0 takes the likeliest token every time; 1 samples as the model predicts; more is bolder.
  public var temperature: Float
  /// Only the k likeliest tokens may be drawn; 0 is no such limit.
  public var topK: Int
  /// Only the fewest tokens whose probabilities together reach this may be drawn; 1 is no such limit.
  public var topP: Float
  /// Tokens less likely than this times the likeliest are left out; 0 is no such limit.
  public var minP: Float
  /// Where the random numbers start.
  public var seed: UInt64

  public init(temperature: Float = 0, topK: Int = 0, topP: Float = 1, minP: Float = 0, seed: UInt64 = 0) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.seed = seed
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
  }
}
