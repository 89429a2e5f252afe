package import SpudTensors

/// How long an answer took, as llama-server says it.
package struct AnswerTimings: Sendable, Equatable {
  /// Tokens of the prompt that were found again, and that were read.
  package let cached: Int
  package let read: Int
  package let readMilliseconds: Double
  package let written: Int
  package let writeMilliseconds: Double
  package let firstTokenMilliseconds: Double

  /// - Parameters:
  ///   - cached: Tokens of the prompt that were found again.
  ///   - read: Tokens of the prompt that were read.
  ///   - written: Tokens that were generated.
  ///   - firstTokenMilliseconds: From the request to the first token.
  package init(
    cached: Int, read: Int, readMilliseconds: Double, written: Int, writeMilliseconds: Double,
    firstTokenMilliseconds: Double
  ) {
    self.cached = cached
    self.read = read
    self.readMilliseconds = readMilliseconds
    self.written = written
    self.writeMilliseconds = writeMilliseconds
    self.firstTokenMilliseconds = firstTokenMilliseconds
  }

  package var json: JSONValue {
    .members([
      "cache_n": .number(cached), "prompt_n": .number(read), "prompt_ms": number(readMilliseconds),
      "prompt_per_token_ms": number(ratio(readMilliseconds, Double(read))),
      "prompt_per_second": number(ratio(Double(read) * 1e3, readMilliseconds)),
      "predicted_n": .number(written), "predicted_ms": number(writeMilliseconds),
      "predicted_per_token_ms": number(ratio(writeMilliseconds, Double(written))),
      "predicted_per_second": number(ratio(Double(written) * 1e3, writeMilliseconds)),
      "first_token_ms": number(firstTokenMilliseconds),
    ])
  }

  private func ratio(_ a: Double, _ b: Double) -> Double { b > 0 ? a / b : 0 }

  /// To a thousandth.
  private func number(_ value: Double) -> JSONValue {
    value.isFinite ? .number((value * 1e3).rounded() / 1e3) : .number(0)
  }
}
