#if Server
internal import SpudProtocol
internal import SpudTensors
internal import Synchronization

/// `POST /v1/responses`.
enum ResponseRoute {
  static func answer(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    let (request, order) = try await server.work { () throws -> (ResponseRequest, AnswerOrder) in
      let request = try ResponseRequest(incoming.json())
      var reader = ConversationReader(fetch: server.fetch)
      var order = AnswerOrder(turns: try reader.turns(of: request.messages))
      order.remarks = reader.remarks
      order.sampling = request.sampling
      order.maximumTokens = request.maximumTokens
      order.thinking = ChatRoute.thinking(request.reasoningEffort)
      order.tools = request.tools
      order.toolChoice = request.toolChoice
      order.format = request.responseFormat
      order.tenant = incoming.tenant
      return (request, order)
    }
    let service = try ModelService(server.registry.find(request.model))
    let events = ResponseEvents(
      id: Identifier.make("resp"), model: service.served.name, created: ServerContext.now, echo: request.echo)
    let answers = Answers(server: server, service: service, order: order, count: 1)
    if request.streams {
      return .events { outbox in
        let events = Mutex(events)
        try await outbox.put(events.withLock { $0.start() })
        do {
          let summary = try await answers.run { _, parts, _ in
            try await outbox.put(events.withLock { $0.events(of: parts) { _ in Identifier.make("call") } })
          } ended: { _, _ in
          }
          try await outbox.put(events.withLock { $0.end(summary.reason, summary.usage) })
        } catch is CancellationError {
          throw CancellationError()
        } catch {
          try await outbox.put([events.withLock { $0.failure(APIError(error)) }])
        }
      }
    }
    let whole = Mutex(events)
    let summary = try await answers.run { _, parts, _ in
      whole.withLock { _ = $0.events(of: parts) { _ in Identifier.make("call") } }
    } ended: { _, _ in
    }
    let last = whole.withLock { $0.end(summary.reason, summary.usage) }.last
    return .json(last?.data["response"] ?? .null)
  }
}

extension Outbox {
  /// Sends some events under their names.
  func put(_ events: [(name: String, data: JSONValue)]) async throws {
    try await put(events.flatMap { ServerSentEvent.data($0.data, name: $0.name) })
  }
}
#endif
