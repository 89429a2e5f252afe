#if Server
internal import SpudErrors
internal import SpudInference
internal import SpudMedia
internal import SpudProtocol
internal import SpudTensors
internal import SpudTokens

/// The one place where requests become the engine's, and the engine's pieces become events.
struct ModelService: Sendable {
  let served: ServedModel
  let model: Model

  init(_ served: ServedModel) throws {
    self.served = served
    model = try served.model
  }

  /// What an answer delivers as it is made.
  enum Delivery: Sendable {
    case events([AnswerEvent])
    /// An id, before the text that it completes.
    case token(GeneratedToken)
  }

  /// Has answers to one request made, all at the same time; its prompt is read once.
  ///
  /// - Parameters:
  ///   - deliver: Is given the number of an answer with events and ids as they come.
  ///   - ended: Is told the end of each.
  /// - Returns: What there is to say of each, in order.
  /// - Throws: `APIError` or `SpudError`; `CancellationError` when the task was cancelled.
  func answers(
    _ order: AnswerOrder, count: Int, deliver: @escaping @Sendable (Int, Delivery) async throws -> Void,
    ended: @escaping @Sendable (Int, AnswerSummary) async throws -> Void
  ) async throws -> [AnswerSummary] {
    let request = try request(order)
    return try await served.gate.run {
      let responses = model.submit(request, count: count, tenant: order.tenant)
      return try await withThrowingTaskGroup(of: (Int, AnswerSummary).self) { group in
        for (index, response) in responses.enumerated() {
          group.addTask {
            let summary = try await follow(response, order) { try await deliver(index, $0) }
            try await ended(index, summary)
            return (index, summary)
          }
        }
        var summaries: [(Int, AnswerSummary)] = []
        for try await summary in group { summaries.append(summary) }
        return summaries.sorted { $0.0 < $1.0 }.map(\.1)
      }
    }
  }

  private func follow(
    _ response: Response, _ order: AnswerOrder, deliver: (Delivery) async throws -> Void
  ) async throws -> AnswerSummary {
    for try await piece in response {
      switch piece {
      case .finished(let answer):
        try Task.checkCancellation()
        return summary(answer, order)
      case .remark(.leftOut(let turns, let tokens)):
        response.interrupt()
        throw APIError(
          400,
          "the conversation holds \(tokens) tokens, too many for the \(model.contextLength) that '\(served.name)' can "
            + "hold with an answer: \(turns) of its turns would have to go",
          parameter: "messages", code: "context_length_exceeded")
      case .remark(.systemFolded): served.sayOnce(Remark.systemFolded.description)
      case .remark: break
      case .token(let token): try await deliver(.token(token))
      default:
        let events = try Self.events(of: piece, order)
        if !events.isEmpty { try await deliver(.events(events)) }
      }
    }
    throw CancellationError()
  }

  private static func events(of piece: Piece, _ order: AnswerOrder) throws -> [AnswerEvent] {
    switch piece {
    case .text(let text): return [.content(text)]
    case .thought(let text): return [.reasoning(text)]
    case .image(let image): return [.medium(try medium(image))]
    case .audio(let sound): return [.medium(try medium(sound, order.soundFormat))]
    case .video(let clip):
      return try clip.frames.map { .medium(try medium($0)) }
        + (clip.audio.map { [.medium(try medium($0, order.soundFormat))] } ?? [])
    case .call(.begun(let index, let id, let name)): return [.callStarted(index: index, name: name, id: id)]
    case .call(.arguments(let index, let part)): return [.callArguments(index: index, part)]
    case .call(.ended(let index, let isWhole)): return [.callEnded(index: index, isWhole: isWhole)]
    case .token, .remark, .finished: return []
    }
  }

  static func medium(_ image: RGBImage) throws -> AnswerMedium {
    AnswerMedium(.image, type: "image/png", bytes: try image.pngData())
  }

  static func medium(_ sound: Waveform, _ format: SoundFormat) throws -> AnswerMedium {
    switch format {
    case .wav: return AnswerMedium(.audio, type: "audio/wav", bytes: try sound.wavData())
    case .pcm:
      let samples = try sound.resampled(to: SoundFormat.pcmRate).samples
      let bytes = samples.flatMap { sample -> [UInt8] in
        let value = Int16(max(-1, min(1, sample)) * 32_767)
        return [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
      }
      return AnswerMedium(.audio, type: "audio/pcm", bytes: bytes)
    }
  }

  // MARK: The request

  private func request(_ order: AnswerOrder) throws -> Request {
    var options = GenerationOptions(
      sampling: sampling(order.sampling),
      maximumTokens: order.maximumTokens.map { min($0, model.contextLength) } ?? model.contextLength,
      output: model.isUnified ? order.output : order.output == .text ? nil : order.output, thinking: order.thinking)
    options.stops = order.sampling.stops
    options.logprobs = order.alternatives
    options.reportsTokens = order.reportsTokens
    options.ignoresEnd = order.sampling.ignoresEnd
    switch order.format {
    case .text: break
    case .jsonObject: options.form = .json
    case .jsonSchema(let schema): options.form = .schema(String(decoding: schema.serialized, as: UTF8.self))
    }
    var request = Request(turns(order.turns), options: options)
    if !model.isUnified { (request.continuesText, request.ids) = (order.continuesText, order.ids) }
    if order.toolChoice != .none {
      guard !model.isUnified || order.tools.isEmpty else { throw Self.unsupported("tools", by: served) }
      request.tools = order.tools.compactMap(Self.tool)
    }
    request.toolChoice =
      switch order.toolChoice {
      case .none: .none
      case .auto: .auto
      case .required: .required
      case .function(let name): .function(name)
      }
    if let last = order.turns.last, last.role != .user, last.role != .tool {
      throw APIError(
        400, "the last message must be the user's or a tool's", parameter: "messages", code: "invalid_value")
    }
    if !order.templateArguments.isEmpty {
      request.templateArguments = String(decoding: JSONValue.object(order.templateArguments).serialized, as: UTF8.self)
    }
    return request
  }

  static func unsupported(_ field: String, by served: ServedModel) -> APIError {
    APIError(
      400, "'\(field)' is not supported by the model '\(served.name)'", parameter: field, code: "unsupported_parameter")
  }

  /// A tool in OpenAI's form; what it holds was checked.
  private static func tool(_ json: JSONValue) -> Tool? {
    guard let function = json["function"], let name = function["name"]?.string else { return nil }
    let parameters = function["parameters"].flatMap { $0.isNull ? nil : String(decoding: $0.serialized, as: UTF8.self) }
    return Tool(
      name: name, description: function["description"]?.string, parameters: parameters,
      isStrict: function["strict"]?.bool ?? false)
  }

  private func sampling(_ fields: SamplingFields) -> Sampling {
    var sampling = model.defaultSampling
    if let temperature = fields.temperature { sampling.temperature = Float(temperature) }
    if let topK = fields.topK { sampling.topK = topK }
    // 0 is what some clients send for the likeliest alone.
    if let topP = fields.topP { sampling.topP = max(Float(topP), 1e-6) }
    if let minP = fields.minP { sampling.minP = Float(minP) }
    if let penalty = fields.repetitionPenalty { sampling.repetitionPenalty = Float(penalty) }
    sampling.presencePenalty = Float(fields.presencePenalty ?? 0)
    sampling.frequencyPenalty = Float(fields.frequencyPenalty ?? 0)
    sampling.logitBias = fields.logitBias.mapValues { Float($0) }
    sampling.seed = fields.seed ?? .random(in: 0...UInt64.max)
    return sampling
  }

  private func turns(_ turns: [ConversationTurn]) -> [StreamTurn] {
    turns.map { turn in
      switch turn.role {
      case .system: return StreamTurn(.system, turn.parts)
      case .user: return StreamTurn(.user, turn.parts)
      case .assistant:
        let calls = turn.calls.map { StreamPart.call(ToolCall(id: $0.id, name: $0.name, arguments: $0.arguments)) }
        return StreamTurn(.assistant, turn.parts + calls)
      case .tool:
        let text = turn.parts.reduce(into: "") { text, part in if case .text(let more) = part { text += more } }
        return StreamTurn(.tool, [.result(ToolResult(id: turn.callID ?? "", name: turn.name, text: text))])
      }
    }
  }

  /// A prompt as text.
  ///
  /// - Throws: `APIError` for ids that are no text.
  func text(of prompt: CompletionRequest.Prompt) throws -> String {
    switch prompt {
    case .text(let text): return text
    case .ids(let ids):
      let tokenizer = model.textTokenizer
      if let wrong = ids.first(where: { $0 >= tokenizer.vocabularyCount || model.isUnified && tokenizer.isSpecial($0) })
      {
        throw APIError(
          400, "the id \(wrong) is no text of the model '\(served.name)'", parameter: "prompt", code: "invalid_value")
      }
      return tokenizer.decodeText(ids)
    }
  }

  // MARK: The summary

  private func summary(_ answer: Answer, _ order: AnswerOrder) -> AnswerSummary {
    let reason: SpudProtocol.FinishReason =
      switch answer.finish {
      case .length: .length
      case .calls: .toolCalls
      case .end, .stop, .interrupted: .stop
      }
    let prompt = SpudProtocol.Usage.Count(
      text: answer.usage.text, image: answer.usage.image, audio: answer.usage.audio)
    let usage = SpudProtocol.Usage(
      prompt: prompt, cached: answer.usage.cached, answer: count(answer.tokens),
      reasoning: thoughtCount(answer.tokens))
    let timings = AnswerTimings(
      cached: answer.usage.cached, read: answer.usage.input - answer.usage.cached,
      readMilliseconds: answer.timings.prefill.milliseconds, written: answer.usage.output,
      writeMilliseconds: answer.timings.decode.milliseconds,
      firstTokenMilliseconds: answer.timings.firstToken.milliseconds)
    let remarks = answer.remarks.filter { remark in
      switch remark {
      // Who sets no limit asks for what there is room for; who stops an answer knows that it was cut.
      case .littleRoom: order.maximumTokens != nil
      case .empty: answer.stop == nil
      default: true
      }
    }
    return AnswerSummary(
      reason: reason, stop: answer.stop, usage: usage, timings: timings,
      remarks: order.remarks + remarks.map(\.description))
  }

  /// What is asked for that the model was not made for.
  private func departures(_ order: AnswerOrder) -> String? {
    guard let parts = order.turns.last?.parts else { return nil }
    return model.domain?.departures(of: parts, model: served.name)
  }

  private func count(_ ids: [Int32]) -> SpudProtocol.Usage.Count {
    guard let vocabulary = model.streamTokenizer?.vocabulary else { return .init(text: ids.count) }
    var count = SpudProtocol.Usage.Count()
    for id in ids {
      switch vocabulary.modality(of: id) {
      case .image: count.image += 1
      case .audio: count.audio += 1
      case .text, .control, nil: count.text += 1
      }
    }
    return count
  }

  private func thoughtCount(_ ids: [Int32]) -> Int {
    guard let vocabulary = model.streamTokenizer?.vocabulary else { return 0 }
    let (open, close) = (vocabulary.id(of: .think), vocabulary.id(of: .thinkEnd))
    var isThinking = false, count = 0
    for id in ids {
      if id == open { isThinking = true } else if id == close { isThinking = false } else if isThinking { count += 1 }
    }
    return count
  }
}
#endif
