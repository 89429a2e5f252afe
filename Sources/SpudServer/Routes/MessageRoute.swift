#if Server
internal import SpudProtocol
internal import SpudTensors
internal import Synchronization

/// `POST /v1/messages`: Anthropic's form.
enum MessageRoute {
  static func answer(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    let (request, order) = try await server.work { () throws -> (MessageRequest, AnswerOrder) in
      let request = try MessageRequest(incoming.json())
      return (request, try makeOrder(request, incoming, server))
    }
    let service = try ModelService(server.registry.find(request.model))
    let id = Identifier.make("msg")
    let answers = Answers(server: server, service: service, order: order, count: 1)
    if request.streams {
      return .events { outbox in
        let events = Mutex(MessageEvents(id: id, model: service.served.name))
        try await outbox.put(events.withLock { $0.start(promptTokens: 0) })
        let summary = try await answers.run { _, parts, _ in
          try await outbox.put(events.withLock { $0.events(of: parts) { _ in Identifier.make("toolu") } })
        } ended: { _, _ in
        }
        try await outbox.put(events.withLock { $0.end(summary.reason, stop: summary.stop, summary.usage) })
      }
    }
    let whole = try await answers.collect()[0]
    let (answer, summary) = (whole.answer, whole.summary)
    return .json(
      MessageBody.message(
        id: id, model: service.served.name, answer: answer, reason: summary.reason, stop: summary.stop,
        usage: summary.usage))
  }

  private static func makeOrder(
    _ request: MessageRequest, _ incoming: Incoming, _ server: ServerContext
  ) throws -> AnswerOrder {
    var reader = ConversationReader(fetch: server.fetch)
    var order = AnswerOrder(turns: try reader.turns(of: request.messages))
    order.remarks = reader.remarks
    order.sampling = request.sampling
    order.maximumTokens = request.maximumTokens
    order.thinking = request.thinks == false ? 0 : nil
    order.tools = request.tools
    order.toolChoice = request.toolChoice
    order.tenant = incoming.tenant
    return order
  }
}
#endif
