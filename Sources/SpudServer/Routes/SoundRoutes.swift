#if Server
internal import SpudInference
internal import SpudMedia
internal import SpudProtocol
internal import SpudTensors
internal import SpudTokens

/// `POST /v1/audio/speech` and `/v1/audio/transcriptions`.
enum SoundRoutes {
  static func speak(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    let request = try SpeechRequest(incoming.json())
    let service = try ModelService(server.registry.find(request.model))
    var order = AnswerOrder(turns: [ConversationTurn(role: .user, parts: [.text("say \(request.input)")])])
    order.sampling = request.sampling
    order.output = .audio
    order.soundFormat = request.format
    order.tenant = incoming.tenant
    let answers = Answers(server: server, service: service, order: order, count: 1)
    if request.isStreamOfEvents {
      return .events { outbox in
        let whole = try await answers.collect()[0]
        let (answer, summary) = (whole.answer, whole.summary)
        guard let sound = answer.media.first else { throw Self.nothing }
        try await outbox.put([
          (
            "speech.audio.delta",
            .members([
              "type": .string("speech.audio.delta"), "audio": .string(Base64.encode(sound.bytes)),
            ])
          ),
          (
            "speech.audio.done",
            .members([
              "type": .string("speech.audio.done"), "usage": summary.usage.ofMedia,
            ])
          ),
        ])
      }
    }
    guard let sound = try await answers.collect()[0].answer.media.first else { throw nothing }
    return .body(.init(type: sound.type, bytes: sound.bytes))
  }

  private static let nothing = APIError(500, "the model began a sound and did not finish it")

  static func transcribe(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    let (request, part, remarks) = try await server.work {
      () throws -> (TranscriptionRequest, StreamPart, [String]) in
      let form = try MultipartForm(incoming.body, contentType: incoming.header("content-type") ?? "")
      let request = try TranscriptionRequest(form)
      var reader = ConversationReader()
      return (request, try reader.audio(request.recording, name: request.name), reader.remarks)
    }
    let service = try ModelService(server.registry.find(request.model))
    var seconds = 0.0
    if case .audio(let sound) = part { seconds = sound.duration }
    var order = AnswerOrder(turns: [ConversationTurn(role: .user, parts: [part, .text("what is said?")])])
    order.sampling.temperature = request.temperature
    order.thinking = 0
    order.remarks = remarks
    order.tenant = incoming.tenant
    let answers = Answers(server: server, service: service, order: order, count: 1)
    if request.streams {
      return .events { outbox in
        let text = Collector()
        let summary = try await answers.run { _, events, _ in
          let part = events.content
          guard !part.isEmpty else { return }
          text.add(part)
          try await outbox.put([("transcript.text.delta", TranscriptBody.delta(part))])
        } ended: { _, _ in
        }
        try await outbox.put([("transcript.text.done", TranscriptBody.done(text.value, usage: summary.usage))])
      }
    }
    let whole = try await answers.collect()[0]
    let (answer, summary) = (whole.answer, whole.summary)
    let body = TranscriptBody.body(answer.content, format: request.format, seconds: seconds, usage: summary.usage)
    return .body(.init(type: body.type, bytes: body.bytes))
  }
}
#endif
