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

  /// Has one answer made.
  ///
  /// - Parameters:
  ///   - index: Which of several answers to one request it is: each has a seed of its own.
  ///   - deliver: Is given the events as they come, never none.
  /// - Throws: `APIError` or `SpudError`; `CancellationError` when the task was cancelled.
  func answer(
    _ order: AnswerOrder, index: Int = 0, deliver: ([AnswerEvent]) async throws -> Void
  ) async throws -> AnswerSummary {
    let request = try request(order, index: index)
    return try await served.gate.run {
      let session = model.makeSession(scope: .tenant(order.tenant))
      let response = session.respond(toConversation: request)
      var stops = try StopFilter(order.sampling.stops)
      for try await piece in response {
        switch piece {
        case .finished(let answer):
          try Task.checkCancellation()
          let rest = stops.stop == nil ? stops.finish() : ""
          if !rest.isEmpty { try await deliver([.content(rest)]) }
          return summary(answer, order, stop: stops.stop)
        case .remark(.leftOut):
          response.interrupt()
          throw APIError(
            400,
            "the conversation is longer than the \(model.contextLength) tokens that '\(served.name)' can hold",
            parameter: "messages", code: "context_length_exceeded")
        case .remark: break
        case _ where stops.stop != nil: break
        default:
          let events = try events(of: piece, order, &stops)
          if !events.isEmpty { try await deliver(events) }
          if stops.stop != nil { response.interrupt() }
        }
      }
      throw CancellationError()
    }
  }

  private func events(of piece: Piece, _ order: AnswerOrder, _ stops: inout StopFilter) throws -> [AnswerEvent] {
    switch piece {
    case .text(let text):
      let free = stops.push(text)
      return free.isEmpty ? [] : [.content(free)]
    case .thought(let text): return [.reasoning(text)]
    case .image(let image): return [.medium(try Self.medium(image))]
    case .audio(let sound): return [.medium(try Self.medium(sound, order.soundFormat))]
    case .video(let clip):
      return try clip.frames.map { .medium(try Self.medium($0)) }
        + (clip.audio.map { [.medium(try Self.medium($0, order.soundFormat))] } ?? [])
    case .remark, .finished: return []
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

  private func request(_ order: AnswerOrder, index: Int) throws -> Request {
    guard order.tools.isEmpty || order.toolChoice == .none else { throw Self.unsupported("tools", by: served) }
    guard order.format == .text else { throw Self.unsupported("response_format", by: served) }
    guard order.alternatives == nil else { throw Self.unsupported("logprobs", by: served) }
    let options = GenerationOptions(
      sampling: try sampling(order.sampling, index: index),
      maximumTokens: order.maximumTokens.map { min($0, model.contextLength) } ?? model.contextLength,
      output: model.isUnified ? order.output : order.output == .text ? nil : order.output, thinking: order.thinking)
    return Request(try turns(order.turns), options: options)
  }

  static func unsupported(_ field: String, by served: ServedModel) -> APIError {
    APIError(
      400, "'\(field)' is not supported by the model '\(served.name)'", parameter: field,
      code: "unsupported_parameter")
  }

  private func sampling(_ fields: SamplingFields, index: Int) throws -> Sampling {
    let refused: [(String, Bool)] = [
      ("frequency_penalty", (fields.frequencyPenalty ?? 0) != 0),
      ("presence_penalty", (fields.presencePenalty ?? 0) != 0),
      ("repetition_penalty", (fields.repetitionPenalty ?? 1) != 1), ("logit_bias", !fields.logitBias.isEmpty),
      ("ignore_eos", fields.ignoresEnd),
    ]
    if let (field, _) = refused.first(where: \.1) { throw Self.unsupported(field, by: served) }
    var sampling = Sampling.greedy
    if let temperature = fields.temperature { sampling.temperature = Float(temperature) }
    if let topK = fields.topK { sampling.topK = topK }
    // 0 is what some clients send for the likeliest alone.
    if let topP = fields.topP { sampling.topP = max(Float(topP), 1e-6) }
    if let minP = fields.minP { sampling.minP = Float(minP) }
    sampling.seed = (fields.seed ?? .random(in: 0...UInt64.max)) &+ UInt64(index)
    return sampling
  }

  /// The turns as the model knows them: what a system message says goes before the first words of the user.
  private func turns(_ turns: [ConversationTurn]) throws -> [StreamTurn] {
    var result: [StreamTurn] = []
    var system: [StreamPart] = []
    for turn in turns {
      guard turn.calls.isEmpty, turn.role != .tool else { throw Self.unsupported("tools", by: served) }
      switch turn.role {
      case .system: system += turn.parts
      case .user, .tool:
        let words = system.compactMap { part in if case .text(let text) = part { text } else { nil } }
        let before: [StreamPart] = words.isEmpty ? [] : [.text(words.joined(separator: "\n") + "\n")]
        result.append(StreamTurn(.user, Self.joined(before + turn.parts)))
        system = []
      case .assistant: result.append(StreamTurn(.assistant, turn.parts))
      }
    }
    guard result.last?.role == .user else {
      throw APIError(400, "the last message must be the user's", parameter: "messages", code: "invalid_value")
    }
    return result
  }

  /// Neighbouring texts are one.
  private static func joined(_ parts: [StreamPart]) -> [StreamPart] {
    parts.reduce(into: []) { parts, part in
      if case .text(let more) = part, case .text(let text)? = parts.last {
        parts[parts.count - 1] = .text(text + more)
      } else {
        parts.append(part)
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
      if let wrong = ids.first(where: { $0 >= tokenizer.vocabularyCount || tokenizer.isSpecial($0) }) {
        throw APIError(
          400, "the id \(wrong) is no text of the model '\(served.name)'", parameter: "prompt", code: "invalid_value")
      }
      return tokenizer.decodeText(ids)
    }
  }

  // MARK: The summary

  private func summary(_ answer: Answer, _ order: AnswerOrder, stop: String?) -> AnswerSummary {
    let reason: SpudProtocol.FinishReason = stop == nil && answer.finish == .length ? .length : .stop
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
      case .empty: stop == nil
      default: true
      }
    }
    return AnswerSummary(
      reason: reason, stop: stop, usage: usage, timings: timings, remarks: order.remarks + remarks.map(\.description))
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
