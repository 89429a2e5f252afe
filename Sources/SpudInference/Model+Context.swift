internal import SpudErrors
internal import SpudTokens

/// How a conversation is made to fit the context, and what is said of it before the answer.
extension Model {
  /// A prompt that fits, and how many turns of the conversation had to go for it.
  struct FittedPrompt {
    var prompt: PromptForm.Prompt
    var leftOut = 0
    /// Tokens of the whole conversation.
    var wholeCount: Int
  }

  /// The ids of a request, the oldest turns left out where the context has no room for them.
  ///
  /// An answer gets an eighth of the context at least, or as much as it may have: a conversation that leaves it less
  /// loses its oldest turns, each with the answer to it. What is asked last always stays.
  ///
  /// - Parameters:
  ///   - history: A unified model's ids so far.
  ///   - earlierTurns: A text-only model's turns so far.
  ///   - media: What a unified model's media so far were coded as.
  ///   - scope: Whose answers are found again; nil finds none.
  /// - Throws: `SpudError` (`badData`) when what is asked last does not fit even alone.
  func fit(
    _ request: Request, history: [Int32], earlierTurns: [StreamTurn], cache media: inout CodedMedia, scope: CacheScope?
  ) throws -> FittedPrompt {
    let room = contextLength - min(request.options.maximumTokens, contextLength / 8)
    var (history, whole) = (history, request)
    whole.turns = earlierTurns + request.turns
    func prompt(_ media: inout CodedMedia) throws -> PromptForm.Prompt {
      try form.prompt(whole, after: history, cache: &media, answers: scope.map { (answers, $0) })
    }
    let all = try prompt(&media)
    var fitted = FittedPrompt(prompt: all, wholeCount: all.ids.count)
    while fitted.prompt.ids.count > room {
      let count: Int
      if history.isEmpty {
        // What holds for the whole conversation stays.
        let first = whole.turns.firstIndex { $0.role != .system } ?? 0
        let next = whole.turns.indices.dropFirst(first + 1).first { whole.turns[$0].role == .user } ?? first
        count = next - first
        whole.turns.removeSubrange(first..<next)
      } else {
        (count, history) = withoutOldest(history)
      }
      guard count > 0 else { break }
      fitted.leftOut += count
      fitted.prompt = try prompt(&media)
    }
    guard fitted.prompt.ids.count < contextLength else { throw tooLong(fitted.prompt.usage) }
    return fitted
  }

  /// A unified model's ids without the first turn of the user and what follows it up to the next one.
  ///
  /// - Returns: How many turns went, and what is left: nothing, or `<bos>` and whole turns.
  private func withoutOldest(_ history: [Int32]) -> (count: Int, left: [Int32]) {
    guard let vocabulary = streamTokenizer?.vocabulary else { return (0, history) }
    let begin = history.prefix { $0 == vocabulary.id(of: .begin) }
    let rest = history.dropFirst(begin.count)
    let next = rest.indices.dropFirst().first { rest[$0] == vocabulary.id(of: .user) } ?? rest.endIndex
    let gone = rest[..<next].count { $0 == vocabulary.id(of: .end) }
    let left = rest[next...]
    return (gone, left.isEmpty ? [] : Array(begin + left))
  }

  /// Names what takes the room, so that it can be made smaller.
  private func tooLong(_ usage: Usage) -> SpudError {
    let total = usage.text + usage.image + usage.audio
    let kinds = [("text", usage.text), ("pictures", usage.image), ("sound", usage.audio)].filter { $0.1 > 0 }
    let parts = kinds.count > 1 ? " (" + kinds.map { "\($0.1) of \($0.0)" }.joined(separator: ", ") + ")" : ""
    return SpudError(
      .badData,
      "the prompt holds \(total) tokens\(parts), but \(name) reads at most \(contextLength - 1) before it answers")
  }
}
