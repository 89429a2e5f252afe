#if Server
internal import SpudInference
internal import SpudProtocol
internal import SpudTensors
internal import SpudTokens

/// `POST /v1/images/generations`.
enum ImageRoute {
  static func answer(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    let request = try ImageRequest(incoming.json())
    let service = try ModelService(server.registry.find(request.model))
    var order = AnswerOrder(turns: [ConversationTurn(role: .user, parts: [.text(request.prompt)])])
    order.sampling = request.sampling
    order.output = .image
    order.tenant = incoming.tenant
    let answers = Answers(server: server, service: service, order: order, count: request.count)
    let created = ServerContext.now
    if request.streams {
      return .events { outbox in
        let collected = try await answers.collect()
        guard let picture = collected[0].answer.media.first else { throw Self.nothing }
        try await outbox.put([
          (
            "image_generation.completed",
            body(picture, created, type: "image_generation.completed").adding([
              "usage": collected[0].summary.usage.ofMedia
            ])
          )
        ])
      }
    }
    let collected = try await answers.collect()
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
}
#endif
