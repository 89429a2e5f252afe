#if Server
internal import SpudProtocol

/// The answers to one request, which may ask for several.
struct Answers: Sendable {
  let server: ServerContext
  let service: ModelService
  let order: AnswerOrder
  let count: Int

  /// Has all of them made at the same time.
  ///
  /// - Parameters:
  ///   - deliver: Is given events with the number of their answer.
  ///   - ended: Is told the end of each.
  /// - Returns: What there is to say of all of them together.
  func run(
    deliver: @escaping @Sendable (Int, [AnswerEvent]) async throws -> Void,
    ended: @escaping @Sendable (Int, AnswerSummary) async throws -> Void
  ) async throws -> AnswerSummary {
    let summaries = try await withThrowingTaskGroup(of: (Int, AnswerSummary).self) { group in
      for index in 0..<count {
        group.addTask {
          let summary = try await service.answer(order, index: index) { try await deliver(index, $0) }
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
  func collect() async throws -> [(answer: CollectedAnswer, summary: AnswerSummary)] {
    try await withThrowingTaskGroup(of: (Int, CollectedAnswer, AnswerSummary).self) { group in
      for index in 0..<count {
        group.addTask {
          var answer = CollectedAnswer()
          let summary = try await service.answer(order, index: index) { events in
            answer.add(events) { _ in Identifier.make("call") }
          }
          server.count(summary, model: service.served.name)
          return (index, answer, summary)
        }
      }
      var all: [(Int, CollectedAnswer, AnswerSummary)] = []
      for try await one in group { all.append(one) }
      return all.sorted { $0.0 < $1.0 }.map { ($0.1, $0.2) }
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
