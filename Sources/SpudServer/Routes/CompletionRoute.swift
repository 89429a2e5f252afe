#if Server
internal import SpudInference
internal import SpudProtocol
internal import SpudTensors
internal import SpudTokens
internal import Synchronization

/// `POST /v1/completions`: text to go on with.
enum CompletionRoute {
  static func answer(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    let request = try await server.work { try CompletionRequest(incoming.json()) }
    let service = try ModelService(server.registry.find(request.model))
    let prompts = try request.prompts.map { try service.text(of: $0) }
    let head = (id: Identifier.make("cmpl"), model: service.served.name, created: ServerContext.now)
    let answers = prompts.enumerated().map { index, prompt in
      var order = AnswerOrder(turns: [ConversationTurn(role: .user, parts: [.text(prompt)])])
      order.sampling = request.sampling
      order.maximumTokens = max(1, request.maximumTokens)
      order.continuesText = true
      if case .ids(let ids) = request.prompts[index] { order.ids = ids }
      order.alternatives = request.alternatives
      order.tenant = incoming.tenant
      return (
        first: index * request.choiceCount,
        answers: Answers(
          server: server, service: service, order: order, count: request.choiceCount)
      )
    }
    let echo = request.echoes ? prompts : prompts.map { _ in "" }
    if request.streams {
      return .events { outbox in
        @Sendable func chunk(
          _ index: Int, _ text: String, _ reason: SpudProtocol.FinishReason?, _ logprobs: JSONValue? = nil
        ) -> JSONValue {
          ChatBody.completion(
            id: head.id, model: head.model, created: head.created, choices: [(index, text, reason)],
            logprobs: logprobs.map { [$0] } ?? [], usage: request.includesUsage ? .null : nil)
        }
        var summaries: [AnswerSummary] = []
        for (position, (first, answers)) in answers.enumerated() {
          if !echo[position].isEmpty {
            for index in 0..<request.choiceCount { try await outbox.put([chunk(first + index, echo[position], nil)]) }
          }
          summaries.append(
            try await answers.run { index, events, tokens in
              let text = events.content
              guard !text.isEmpty || !tokens.isEmpty else { return }
              let logprobs = request.alternatives == nil ? nil : Logprobs.completion(tokens)
              try await outbox.put([chunk(first + index, text, nil, logprobs)])
            } ended: { index, summary in
              try await outbox.put([chunk(first + index, "", summary.reason)])
            })
        }
        if request.includesUsage {
          try await outbox.put([
            ChatBody.completion(
              id: head.id, model: head.model, created: head.created, choices: [],
              usage: Answers.total(summaries).usage.openAI)
          ])
        }
        try await outbox.put(ServerSentEvent.done)
      }
    }
    var choices: [(index: Int, text: String, reason: SpudProtocol.FinishReason?)] = []
    var summaries: [AnswerSummary] = [], logprobs: [JSONValue] = []
    for (position, (first, answers)) in answers.enumerated() {
      let collected = try await answers.collect()
      for (index, one) in collected.enumerated() {
        if request.alternatives != nil { logprobs.append(Logprobs.completion(one.tokens)) }
        choices.append((first + index, echo[position] + one.answer.content, one.summary.reason))
      }
      summaries.append(Answers.joined(collected.map(\.summary)))
    }
    let total = Answers.total(summaries)
    return .json(
      ChatBody.completion(
        id: head.id, model: head.model, created: head.created, choices: choices, logprobs: logprobs,
        usage: total.usage.openAI,
        timings: total.timings, remarks: total.remarks))
  }
}

extension [AnswerEvent] {
  /// The words for the reader.
  var content: String {
    reduce(into: "") { text, event in if case .content(let part) = event { text += part } }
  }
}
#endif
