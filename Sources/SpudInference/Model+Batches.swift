internal import SpudErrors
internal import SpudTokens

extension Model {
  /// Answers many questions, several at a time, which reads the weights once for all of them.
  ///
  /// An answer does not depend on its neighbours: it is what `respond(to:options:)` gives for the same question.
  ///
  /// - Parameters:
  ///   - requests: The questions; each has its own options and seed.
  ///   - atOnce: Answers that are generated at a time.
  ///   - onAnswer: Told each answer, with the index of its question, as soon as it is whole, from the thread that
  ///     computes.
  /// - Returns: The answers in the order of the questions.
  /// - Throws: A `SpudError` as `Session.respond(to:options:)` does, before anything is computed; `CancellationError`
  ///   when the task is cancelled.
  public func answers(
    to requests: [Request], atOnce: Int = 8, onAnswer: (@Sendable (Int, Answer) -> Void)? = nil
  ) async throws -> [Answer] {
    precondition(atOnce >= 1, "at least one answer is generated at a time")
    guard !requests.isEmpty else { return [] }
    let interruption = Interruption()
    let requested = ContinuousClock.now
    let prepared = try await preparation.run {
      var media = CodedMedia()
      return try requests.map { try self.prepare($0, history: [], earlierTurns: [], cache: &media, scope: nil) }
    }
    let answers = try await withTaskCancellationHandler {
      try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
        var answers = [Answer?](repeating: nil, count: requests.count)
        var waiting = requests.indices.makeIterator()
        func begin(_ index: Int) {
          group.addTask {
            let outcome = try await self.generate(
              prepared[index], options: requests[index].options, scope: nil, requested: requested,
              interruption: interruption)
            return (index, outcome.answer)
          }
        }
        for _ in 0..<atOnce { if let next = waiting.next() { begin(next) } }
        do {
          for try await (index, answer) in group {
            answers[index] = answer
            onAnswer?(index, answer)
            if let next = waiting.next() { begin(next) }
          }
        } catch {
          interruption.request()
          throw error
        }
        return answers.compactMap(\.self)
      }
    } onCancel: {
      interruption.request()
    }
    try Task.checkCancellation()
    return answers
  }
}
