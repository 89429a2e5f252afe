internal import Foundation
internal import SpudComparison
internal import SpudInference

/// What was measured of an answer that is known.
struct ReplayReport: Encodable {
  var model: String
  var threads: Int
  /// Ids of the answer.
  var ids: Int
  /// Medians, in tokens a second.
  var guessingTokensPerSecond: Double
  var plainTokensPerSecond: Double
  /// The median, over the runs, of a run with guesses to the one after it without.
  var ratio: Double
  var guessedTokens, acceptedTokens: Int
  var guessingSamples, plainSamples: [Double]

  init(model: Model, threads: Int, result: ReplayResult) {
    self.model = model.name
    self.threads = threads
    ids = result.ids
    guessingTokensPerSecond = result.guessing.median
    plainTokensPerSecond = result.plain.median
    ratio = zip(result.guessing, result.plain).map { $0 / $1 }.median
    guessedTokens = result.guessedTokens
    acceptedTokens = result.acceptedTokens
    guessingSamples = result.guessing
    plainSamples = result.plain
  }

  /// As a person reads it.
  var line: String {
    String(
      format: "%@: %d ids, %d threads: %.1f tokens/s with guesses, %.1f without, ratio %.2f; %d of %d guesses right",
      model, ids, threads, guessingTokensPerSecond, plainTokensPerSecond, ratio, acceptedTokens, guessedTokens)
  }
}
