#if Server
internal import SpudInference
internal import SpudProtocol

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
    let summaries = try await withThrowingTaskGroup(of: (Int, AnswerSummary).self) { group in
      for index in 0..<count {
        group.addTask {
          var tokens: [GeneratedToken] = []
          let summary = try await service.answer(order, index: index) { delivery in
            switch delivery {
            case .token(let token):
              tokens.append(token)
              if order.reportsTokens {
                try await deliver(index, [], tokens)
                tokens = []
              }
            case .events(let events):
              try await deliver(index, events, tokens)
              tokens = []
            }
          }
          if !tokens.isEmpty { try await deliver(index, [], tokens) }
          server.count(summary, model: service.served.name)
          try await ended(index, summary)
          return (index, summary)
        }
      }
      var summaries: [(Int, AnswerSummary)] = []
      for try await summary in group { summaries.append(summary) }
      return summaries
    }
    return Self.joined(summaries.sorted { $0.0 < $1.0 }.map(\.1))
  }

  /// All of them, whole.
  func collect() async throws -> [Whole] {
    try await withThrowingTaskGroup(of: (Int, Whole).self) { group in
      for index in 0..<count {
        group.addTask {
          var answer = CollectedAnswer(), tokens: [GeneratedToken] = []
          let summary = try await service.answer(order, index: index) { delivery in
            switch delivery {
            case .token(let token): tokens.append(token)
            case .events(let events): answer.add(events) { _ in Identifier.make("call") }
            }
          }
          server.count(summary, model: service.served.name)
          return (index, Whole(answer: answer, tokens: tokens, summary: summary))
        }
      }
      var all: [(Int, Whole)] = []
      for try await one in group { all.append(one) }
      return all.sorted { $0.0 < $1.0 }.map(\.1)
    }
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
