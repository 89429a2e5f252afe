#if Server
internal import SpudInference
internal import SpudProtocol
internal import Synchronization

/// The answers to one request, which may ask for several.
struct Answers: Sendable {
  let server: ServerContext
  let service: ModelService
  let order: AnswerOrder
  let count: Int

  /// One of them, whole.
  struct Whole: Sendable {
    let answer: CollectedAnswer
    let tokens: [GeneratedToken]
    let summary: AnswerSummary
  }

  /// Has all of them made at the same time.
  ///
  /// - Parameters:
  ///   - deliver: Is given events with the number of their answer, and the ids that came before them where the order
  ///     asks for these: never neither.
  ///   - ended: Is told the end of each.
  /// - Returns: What there is to say of all of them together.
  func run(
    deliver: @escaping @Sendable (Int, [AnswerEvent], [GeneratedToken]) async throws -> Void,
    ended: @escaping @Sendable (Int, AnswerSummary) async throws -> Void
  ) async throws -> AnswerSummary {
    let waiting = Mutex([[GeneratedToken]](repeating: [], count: count))
    let summaries = try await service.answers(order, count: count) { index, delivery in
      switch delivery {
      case .token(let token):
        guard order.reportsTokens else { return waiting.withLock { $0[index].append(token) } }
        try await deliver(index, [], [token])
      case .events(let events):
        let tokens = waiting.withLock { all in
          defer { all[index] = [] }
          return all[index]
        }
        try await deliver(index, events, tokens)
      }
    } ended: { index, summary in
      let tokens = waiting.withLock { $0[index] }
      if !tokens.isEmpty { try await deliver(index, [], tokens) }
      server.count(summary, model: service.served.name)
      try await ended(index, summary)
    }
    return Self.joined(summaries)
  }

  /// All of them, whole.
  func collect() async throws -> [Whole] {
    let parts = Mutex(
      [(answer: CollectedAnswer, tokens: [GeneratedToken])](
        repeating: (CollectedAnswer(), []), count: count))
    let summaries = try await service.answers(order, count: count) { index, delivery in
      parts.withLock { parts in
        switch delivery {
        case .token(let token): parts[index].tokens.append(token)
        case .events(let events): parts[index].answer.add(events) { _ in Identifier.make("call") }
        }
      }
    } ended: { _, summary in
      server.count(summary, model: service.served.name)
    }
    return zip(parts.withLock { $0 }, summaries).map { Whole(answer: $0.answer, tokens: $0.tokens, summary: $1) }
  }

  /// What there is to say of several answers to one request: its prompt counts once.
  static func joined(_ summaries: [AnswerSummary]) -> AnswerSummary {
    var joined = summaries[0]
    for summary in summaries.dropFirst() {
      joined.usage.answer.text += summary.usage.answer.text
      joined.usage.answer.image += summary.usage.answer.image
      joined.usage.answer.audio += summary.usage.answer.audio
      joined.usage.reasoning += summary.usage.reasoning
      joined.remarks += summary.remarks.filter { !joined.remarks.contains($0) }
    }
    return joined
  }

  /// What there is to say of the answers to several prompts.
  static func total(_ summaries: [AnswerSummary]) -> AnswerSummary {
    var total = joined(summaries)
    for summary in summaries.dropFirst() {
      total.usage.prompt.text += summary.usage.prompt.text
      total.usage.prompt.image += summary.usage.prompt.image
      total.usage.prompt.audio += summary.usage.prompt.audio
      total.usage.cached += summary.usage.cached
    }
    return total
  }
}
#endif
