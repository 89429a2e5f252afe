#if Server
internal import SpudInference
internal import SpudProtocol
internal import SpudTensors
internal import Synchronization

/// `POST /v1/chat/completions`.
enum ChatRoute {
  static func answer(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    let (request, order) = try await server.work { () throws -> (ChatRequest, AnswerOrder) in
      let request = try ChatRequest(incoming.json())
      return (request, try makeOrder(request, incoming, server))
    }
    let service = try ModelService(server.registry.find(request.model))
    let head = (id: Identifier.make("chatcmpl"), model: service.served.name, created: ServerContext.now)
    let answers = Answers(server: server, service: service, order: order, count: request.choiceCount)
    if request.streams {
      return .events { outbox in
        let chunks = Mutex(
          ChatChunks(id: head.id, model: head.model, created: head.created, includesUsage: request.includesUsage))
        let describers = Mutex((0..<request.choiceCount).map { _ in TokenDescriber(service.model) })
        let summary = try await answers.run { index, events, tokens in
          let logprobs = order.alternatives == nil ? nil : Logprobs.chat(tokens)
          let made = chunks.withLock {
            $0.chunks(of: events, choice: index, logprobs: logprobs) { _ in Identifier.make("call") }
          }
          if request.returnsTokens, !tokens.isEmpty {
            let described = try describers.withLock { all in try tokens.map { try all[index].describe($0) } }
            try await outbox.put(chunks.withLock { $0.tokens(described, choice: index) })
          }
          if !request.returnsTokens || !events.isEmpty { try await outbox.put(made) }
        } ended: { index, summary in
          try await outbox.put(
            chunks.withLock {
              $0.end(summary.reason, choice: index, timings: summary.timings, remarks: summary.remarks)
            })
        }
        try await outbox.put(chunks.withLock { $0.usage(summary.usage) })
        try await outbox.put(ServerSentEvent.done)
      }
    }
    let choices = try await answers.collect()
    let summary = Answers.joined(choices.map(\.summary))
    return .json(
      ChatBody.chat(
        id: head.id, model: head.model, created: head.created,
        choices: choices.map { choice in
          .init(
            choice.answer, choice.summary.reason,
            logprobs: order.alternatives == nil ? .null : Logprobs.chat(choice.tokens))
        }, usage: summary.usage, timings: summary.timings,
        remarks: summary.remarks))
  }

  private static func makeOrder(_ request: ChatRequest, _ incoming: Incoming, _ server: ServerContext) throws
    -> AnswerOrder
  {
    var reader = ConversationReader(fetch: server.fetch)
    var order = AnswerOrder(turns: try reader.turns(of: request.messages))
    order.remarks = reader.remarks
    order.sampling = request.sampling
    order.maximumTokens = request.maximumTokens
    order.output = output(request)
    order.thinking = thinking(request.reasoningEffort, request.templateArguments)
    order.templateArguments = request.templateArguments
    order.tools = request.tools
    order.toolChoice = request.toolChoice
    order.format = request.responseFormat
    order.alternatives = request.alternatives
    order.reportsTokens = request.returnsTokens
    order.soundFormat = request.audioFormat ?? .wav
    order.tenant = incoming.tenant
    return order
  }

  /// What an answer may consist of: one kind alone, or what the model chooses.
  private static func output(_ request: ChatRequest) -> GenerationOptions.Output? {
    let kinds = Set(request.modalities)
    if kinds.count == 1 { return kinds.first.flatMap { GenerationOptions.Output(rawValue: $0) } }
    // Who says how a sound is to be encoded asks for one.
    return kinds == ["text", "audio"] && request.audioFormat != nil ? .audio : nil
  }

  /// Tokens that may be thought; nil leaves it to the model.
  static func thinking(_ effort: String?, _ arguments: JSONObject = JSONObject()) -> Int? {
    if arguments["enable_thinking"]?.bool == false { return 0 }
    return switch effort {
    case "none": 0
    case "minimal": 64
    case "low": 256
    case "medium": 1024
    case "high": 4096
    case "xhigh", "max": 16_384
    default: nil
    }
  }
}

extension Outbox {
  /// Sends some chunks as events without a name.
  func put(_ chunks: [JSONValue]) async throws {
    try await put(chunks.flatMap { ServerSentEvent.data($0) })
  }
}
#endif
