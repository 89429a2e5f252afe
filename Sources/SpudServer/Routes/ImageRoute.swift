#if Server
internal import SpudInference
internal import SpudProtocol
internal import SpudTensors
internal import SpudTokens
internal import Synchronization

/// `POST /v1/images/generations`.
enum ImageRoute {
  private static let temperatureOfSeveral = 1.5

  static func answer(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    let request = try ImageRequest(incoming.json())
    let service = try ModelService(server.registry.find(request.model))
    var order = AnswerOrder(turns: [ConversationTurn(role: .user, parts: [.text(request.prompt)])])
    order.sampling = request.sampling
    // Who asks for several pictures wants them to differ.
    if request.count > 1, request.sampling.temperature == nil, service.model.defaultSampling.temperature == 0 {
      order.sampling.temperature = Self.temperatureOfSeveral
    }
    order.output = .image
    order.tenant = incoming.tenant
    let created = ServerContext.now
    if request.streams {
      guard let tokenizer = service.model.streamTokenizer else {
        throw ModelService.unsupported("stream", by: service.served)
      }
      order.reportsTokens = request.partialCount > 0
      let answers = Answers(server: server, service: service, order: order, count: 1)
      return .events { outbox in
        let drawing = Mutex(Drawing(tokenizer, count: request.partialCount))
        let summary = try await answers.run { _, events, tokens in
          for picture in try drawing.withLock({ try $0.take(tokens, events) }) {
            let type = "image_generation.partial_image"
            let data = body(picture.medium, created, type: type)
            try await outbox.put([(type, data.adding(["partial_image_index": .number(picture.index)]))])
          }
        } ended: { _, _ in
        }
        guard let picture = drawing.withLock({ $0.whole }) else { throw Self.nothing }
        let type = "image_generation.completed"
        try await outbox.put([(type, body(picture, created, type: type).adding(["usage": summary.usage.ofMedia]))])
      }
    }
    let collected = try await Answers(server: server, service: service, order: order, count: request.count).collect()
    let pictures = collected.compactMap(\.answer.media.first)
    guard pictures.count == request.count else { throw nothing }
    let summary = Answers.joined(collected.map(\.summary))
    return .json(
      .members([
        "created": .number(created), "background": .string("opaque"), "output_format": .string("png"),
        "data": .array(pictures.map { .members(["b64_json": .string(Base64.encode($0.bytes))]) }),
        "usage": summary.usage.ofMedia,
      ]))
  }

  private static let nothing = APIError(500, "the model began a picture and did not finish it")

  static func body(_ picture: AnswerMedium, _ created: Int, type: String) -> JSONValue {
    .members([
      "type": .string(type), "b64_json": .string(Base64.encode(picture.bytes)), "created_at": .number(created),
      "background": .string("opaque"), "output_format": .string("png"), "quality": .string("auto"),
      "size": .string("auto"),
    ])
  }

  /// A picture as it is drawn, of which some unfinished states are sent.
  private struct Drawing {
    var picture: PictureInProgress
    let count: Int
    var sent = 0
    var whole: AnswerMedium?

    init(_ tokenizer: StreamTokenizer, count: Int) {
      (picture, self.count) = (PictureInProgress(tokenizer), count)
    }

    /// - Returns: The states that are to be sent after these ids: the shares of the whole that are due are even.
    mutating func take(
      _ tokens: [GeneratedToken], _ events: [AnswerEvent]
    ) throws -> [(index: Int, medium: AnswerMedium)] {
      for case .medium(let medium) in events { whole = medium }
      var states: [(index: Int, medium: AnswerMedium)] = []
      for token in tokens {
        guard try picture.push(token.id) != nil, sent < count,
          picture.fraction >= Double(sent + 1) / Double(count + 1), let image = try picture.picture()
        else { continue }
        states.append((sent, try ModelService.medium(image)))
        sent += 1
      }
      return states
    }
  }
}
#endif
