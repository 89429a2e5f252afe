internal import SpudErrors
internal import SpudSchema
internal import SpudTokens

/// The way of one request through a model.
extension Model {
  /// A request that has been checked and written as ids.
  struct Prepared {
    var prompt: PromptForm.Prompt
    var constraint: Constraint
    var assembler: PieceAssembler
    /// What the answer's text is held to.
    var shape: TokenConstraint?
    var sampling: Sampling
    /// Ids that may be generated.
    var limit: Int
    var tokenize: Duration
    /// What is to be said before the answer begins.
    var remarks: [Remark] = []
  }

  /// - Parameters:
  ///   - history: A unified model's ids so far.
  ///   - earlierTurns: A text-only model's turns so far.
  ///   - media: What a unified model's media so far were coded as.
  ///   - scope: Whose answers are found again; nil finds none.
  func prepare(
    _ request: Request, history: [Int32], earlierTurns: [StreamTurn], cache media: inout CodedMedia, scope: CacheScope?
  ) throws -> Prepared {
    let sampling = request.options.sampling ?? defaultSampling
    try sampling.check()
    guard request.options.maximumTokens >= 1 else {
      throw SpudError(.usage, "at most \(request.options.maximumTokens) tokens were asked for, but one is the least")
    }
    if let thinking = request.options.thinking, thinking < 0 {
      throw SpudError(.usage, "\(thinking) tokens of thought were asked for, but none is the least")
    }
    let start = ContinuousClock.now
    let shape = try shapes.constraint(for: request, form)
    let fitted = try fit(request, history: history, earlierTurns: earlierTurns, cache: &media, scope: scope)
    let prompt = fitted.prompt
    let constraint = try form.constraint(request.options, after: prompt)
    let assembler = try form.makeAssembler(request, after: prompt)
    let tokenize = start.duration(to: .now)
    let limit = min(request.options.maximumTokens, contextLength - prompt.ids.count)
    try Self.checkRoom(limit, for: constraint, options: request.options)
    var prepared = Prepared(
      prompt: prompt, constraint: constraint, assembler: assembler, shape: shape, sampling: sampling, limit: limit,
      tokenize: tokenize)
    if prompt.foldsSystem { prepared.remarks.append(.systemFolded) }
    if fitted.leftOut > 0 { prepared.remarks.append(.leftOut(turns: fitted.leftOut, tokens: fitted.wholeCount)) }
    if limit < request.options.maximumTokens {
      prepared.remarks.append(.littleRoom(tokens: limit, of: request.options.maximumTokens))
    }
    return prepared
  }

  /// Refuses an answer that cannot begin: a picture or a sound that is asked for needs room for the smallest.
  private static func checkRoom(_ limit: Int, for constraint: Constraint, options: GenerationOptions) throws {
    guard case .grammar(let grammar) = constraint, let output = options.output, output != .text else { return }
    let end = grammar.vocabulary.id(of: .end)
    guard grammar.allowed(remaining: limit).contains(end) else { return }
    throw SpudError(
      .usage,
      "\(limit) tokens are left for the answer, which is too few for \(output == .image ? "a picture" : "a sound")")
  }

  /// An answer, and what the engine was asked for to get it.
  struct Outcome {
    var answer: Answer
    var prompt: [Int32]
    /// How many ids of a unified model's answer are whole parts.
    var wholeCount: Int
  }

  /// Has an answer generated.
  ///
  /// - Parameters:
  ///   - company: Others that have the same prompt.
  ///   - scope: Whose prefixes it may find; nil neither finds any nor leaves one.
  ///   - deliver: Is given every piece but `.finished`.
  ///   - readerIsBehind: Since when whoever reads the pieces is behind.
  func generate(
    _ prepared: Prepared, options: GenerationOptions, scope: CacheScope?, company: PromptCompany? = nil,
    requested: ContinuousClock.Instant, interruption: Interruption,
    deliver: @escaping @Sendable (Piece) -> Void = { _ in },
    readerIsBehind: @escaping @Sendable () -> ContinuousClock.Instant? = { nil }
  ) async throws -> Outcome {
    var timings = Timings()
    timings.load = loadTime
    timings.tokenize = prepared.tokenize
    let order = Generation.Order(
      prompt: prepared.prompt.ids, marks: prepared.prompt.marks, limit: prepared.limit, company: company, scope: scope,
      options: options,
      sampling: prepared.sampling, shape: prepared.shape, timings: timings, requested: requested)
    let generation = Generation(
      order, constraint: prepared.constraint,
      delivery: Delivery(prepared.assembler, on: preparation, deliver: deliver), interruption: interruption,
      readerIsBehind: readerIsBehind)
    return try await withCheckedThrowingContinuation { continuation in
      do {
        try engine.submit(generation) {
          generation.delivery.finish { parts, unfinished in
            continuation.resume(
              with: Result {
                if let failure = generation.failure { throw failure }
                let answer = self.answer(
                  from: generation, prepared, parts: try parts.get(), unfinished: unfinished, options: options)
                if let scope { self.keep(answer, wholeCount: generation.wholeCount, after: prepared.prompt, scope) }
                return Outcome(answer: answer, prompt: order.prompt, wholeCount: generation.wholeCount)
              })
          }
        }
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  private func answer(
    from generation: Generation, _ prepared: Prepared, parts: [StreamPart], unfinished: PartKind?,
    options: GenerationOptions
  ) -> Answer {
    var answer = Answer()
    answer.parts = parts
    answer.tokens = generation.ids
    answer.finish = generation.finish ?? .interrupted
    answer.stop = generation.delivery.stop
    if answer.finish == .end, !answer.calls.isEmpty { answer.finish = .calls }
    answer.usage = prepared.prompt.usage
    answer.usage.cached = generation.cachedCount
    answer.usage.restored = min(generation.memory.restored, generation.cachedCount)
    answer.usage.output = generation.ids.count
    answer.timings = generation.timings
    answer.remarks = prepared.remarks + generation.memory.remarks
    if generation.thoughtWasCut, answer.finish != .length {
      answer.remarks.append(.thoughtCut(tokens: options.thinking ?? GenerationOptions.defaultThinking))
    }
    if answer.finish == .length {
      let isFull = prepared.limit < options.maximumTokens
      answer.remarks.append(isFull ? .contextFull(tokens: prepared.limit) : .cut(tokens: prepared.limit))
    }
    if let medium = unfinished { answer.remarks.append(.unfinished(medium)) }
    answer.remarks += Remark.all(on: answer.parts)
    return answer
  }

  /// Keeps the ids of an answer, to be found again where the conversation is sent whole.
  private func keep(_ answer: Answer, wholeCount: Int, after prompt: PromptForm.Prompt, _ scope: CacheScope) {
    switch form {
    case .stream(let tokenizer):
      let ids = Self.closed(answer.tokens, wholeCount: wholeCount, in: tokenizer.vocabulary)
      answers.keep(ids, parts: answer.parts, after: prompt.ids, scope: scope)
    case .text(let form):
      guard let text = prompt.text, let last = answer.tokens.last else { return }
      let ids = form.endings.contains(last) ? Array(answer.tokens.dropLast()) : answer.tokens
      // As whoever got it sends it back: a part of a character was told as U+FFFD, a control token not at all.
      let isToldWhole = answer.stop == nil && answer.parts.allSatisfy { if case .text = $0 { true } else { false } }
      let told = isToldWhole ? Array(answer.text.utf8) : ids.flatMap { form.tokenizer.piece(of: $0) }
      answers.keep(
        ids, text: told, after: text, AnswerMemory.Sequence(ids: prompt.ids, marks: prompt.marks), scope: scope)
    }
  }

  /// A unified model's answer as a whole turn: a span that it left open is dropped, and `<end>` is at its end.
  static func closed(_ ids: [Int32], wholeCount: Int, in vocabulary: Vocabulary) -> [Int32] {
    let end = vocabulary.id(of: .end)
    let kept = ids.prefix(wholeCount)
    return kept.last == end ? Array(kept) : kept + [end]
  }
}
