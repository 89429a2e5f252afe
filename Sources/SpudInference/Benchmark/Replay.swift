internal import SpudErrors
internal import SpudTokens

/// How fast an answer that is known is written with guesses and without.
package struct ReplayResult: Sendable {
  /// Ids of the answer.
  package var ids: Int
  /// Tokens a second after the first, run by run.
  package var guessing: [Double] = []
  package var plain: [Double] = []
  /// Ids that were guessed in all runs, and those of them that were right.
  package var guessedTokens = 0
  package var acceptedTokens = 0
}

extension Model {
  /// Has the model write an answer that is given, whatever it would have written, and measures how fast it does: with
  /// ids guessed from what repeats, and without, in turn. What is guessed, checked and accepted is as in earnest.
  ///
  /// - Parameters:
  ///   - answer: What is written.
  ///   - prompt: What the user said before.
  ///   - repetitions: Measured runs of each, after one that is not counted.
  ///   - interruption: Ends the measurement after the run that is going on.
  /// - Throws: `SpudError` (`badData`) for an answer of fewer than two ids, or of more than the context has room for;
  ///   what `Session.respond(to:options:)` throws.
  package func replay(
    _ answer: String, after prompt: String, repetitions: Int, interruption: Interruption
  ) async throws -> ReplayResult {
    let ids = ids(ofText: answer)
    guard ids.count > 1 else {
      throw SpudError(.badData, "an answer to be written needs two ids, but the text has \(ids.count)")
    }
    var result = ReplayResult(ids: ids.count)
    for run in 0...repetitions where !interruption.isRequested {
      for speculates in [true, false] {
        var options = GenerationOptions(sampling: .greedy, maximumTokens: ids.count, thinking: 0)
        options.speculates = speculates
        options.replayed = ids
        var timings = Timings()
        for try await piece in makeSession().respond(to: [.text(prompt)], options: options) {
          if case .finished(let answer) = piece { timings = answer.timings }
        }
        guard timings.decodedTokens + 1 >= ids.count else {
          throw SpudError(
            .badData, "the text has \(ids.count) ids, of which \(name) has room for \(timings.decodedTokens + 1)")
        }
        guard run > 0 else { continue }
        if speculates {
          result.guessing.append(timings.decodeTokensPerSecond)
          result.guessedTokens += timings.guessedTokens
          result.acceptedTokens += timings.acceptedTokens
        } else {
          result.plain.append(timings.decodeTokensPerSecond)
        }
      }
    }
    return result
  }
}
