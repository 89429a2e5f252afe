internal import SpudErrors
public import SpudTokens

/// One question of a batch.
public struct Request: Sendable {
  /// What was said so far; the last turn is the user's.
  public var turns: [StreamTurn]
  /// What the answer shall be.
  public var options: GenerationOptions

  public init(_ turns: [StreamTurn], options: GenerationOptions = GenerationOptions()) {
    self.turns = turns
    self.options = options
  }

  /// A question of one turn.
  public init(_ parts: [StreamPart], options: GenerationOptions = GenerationOptions()) {
    self.init([StreamTurn(.user, parts)], options: options)
  }
}

extension Model {
  /// Answers many questions, several at a time, which reads the weights once for all of them.
  ///
  /// An answer does not depend on its neighbours: it is what `respond(to:options:)` gives for the same question.
  ///
  /// - Parameters:
  ///   - requests: The questions; each has its own options and seed.
  ///   - atOnce: Answers that are generated at a time.
  ///   - onAnswer: Told each answer, with the index of its question, as soon as it is whole, from the thread that
  ///     computes.
  /// - Returns: The answers in the order of the questions.
  /// - Throws: A `SpudError` as `Session.respond(to:options:)` does, before anything is computed; `CancellationError`
  ///   when the task is cancelled.
  public func answers(
    to requests: [Request], atOnce: Int = 8, onAnswer: (@Sendable (Int, Answer) -> Void)? = nil
  ) async throws -> [Answer] {
    precondition(atOnce >= 1, "at least one answer is generated at a time")
    guard !requests.isEmpty else { return [] }
    let interruption = Interruption()
    let requested = ContinuousClock.now
    let answers = try await withTaskCancellationHandler {
      try await thread.run {
        try self.generate(
          requests, atOnce: atOnce, requested: requested, interruption: interruption, onAnswer: onAnswer)
      }
    } onCancel: {
      interruption.request()
    }
    try Task.checkCancellation()
    return answers
  }

  private func generate(
    _ requests: [Request], atOnce: Int, requested: ContinuousClock.Instant, interruption: Interruption,
    onAnswer: (@Sendable (Int, Answer) -> Void)?
  ) throws -> [Answer] {
    var media = CodedMedia()
    let prepared = try requests.map { try prepare($0, history: [], earlierTurns: [], cache: &media) }
    let generations = zip(requests, prepared).map { request, prepared in
      makeGeneration(
        prepared, reading: prepared.prompt.ids[...], options: request.options, requested: requested,
        interruption: interruption
      ) { _ in }
    }
    let capacity = prepared.map { $0.prompt.ids.count + $0.limit }.max() ?? 1
    let cache = try makeCache(sequences: min(atOnce, requests.count), capacity: capacity)
    var answers = [Answer?](repeating: nil, count: requests.count)
    try engine.run(generations, cache: cache) { index in
      let answer = self.answer(from: generations[index], prepared[index], options: requests[index].options)
      answers[index] = answer
      onAnswer?(index, answer)
    }
    return answers.compactMap(\.self)
  }

  /// A request that has been checked and written as ids.
  struct Prepared {
    var prompt: PromptForm.Prompt
    var constraint: Constraint
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
  func prepare(
    _ request: Request, history: [Int32], earlierTurns: [StreamTurn], cache media: inout CodedMedia
  ) throws -> Prepared {
    try request.options.sampling.check()
    guard request.options.maximumTokens >= 1 else {
      throw SpudError(.usage, "at most \(request.options.maximumTokens) tokens were asked for, but one is the least")
    }
    if let thinking = request.options.thinking, thinking < 0 {
      throw SpudError(.usage, "\(thinking) tokens of thought were asked for, but none is the least")
    }
    let start = ContinuousClock.now
    let constraint = try form.constraint(request.options)
    let fitted = try fit(request, history: history, earlierTurns: earlierTurns, cache: &media)
    let prompt = fitted.prompt
    let tokenize = start.duration(to: .now)
    let limit = min(request.options.maximumTokens, contextLength - prompt.ids.count)
    try Self.checkRoom(limit, for: constraint, options: request.options)
    var prepared = Prepared(prompt: prompt, constraint: constraint, limit: limit, tokenize: tokenize)
    if fitted.leftOut > 0 { prepared.remarks.append(.leftOut(turns: fitted.leftOut)) }
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

  func makeGeneration(
    _ prepared: Prepared, reading prompt: ArraySlice<Int32>, options: GenerationOptions,
    requested: ContinuousClock.Instant, interruption: Interruption, deliver: @escaping (Piece) -> Void
  ) -> Generation {
    var timings = Timings()
    timings.load = loadTime
    timings.tokenize = prepared.tokenize
    return Generation(
      prompt: prompt, constraint: prepared.constraint, assembler: form.makeAssembler(), options: options,
      limit: prepared.limit, timings: timings, requested: requested, interruption: interruption, deliver: deliver)
  }

  func answer(from generation: Generation, _ prepared: Prepared, options: GenerationOptions) -> Answer {
    var answer = Answer()
    answer.parts = generation.parts
    answer.tokens = generation.ids
    answer.finish = generation.finish ?? .interrupted
    answer.usage = prepared.prompt.usage
    answer.usage.output = generation.ids.count
    answer.timings = generation.timings
    answer.remarks = prepared.remarks
    if generation.thoughtWasCut, answer.finish != .length {
      answer.remarks.append(.thoughtCut(tokens: options.thinking ?? GenerationOptions.defaultThinking))
    }
    if answer.finish == .length {
      let isFull = prepared.limit < options.maximumTokens
      answer.remarks.append(isFull ? .contextFull(tokens: prepared.limit) : .cut(tokens: prepared.limit))
    }
    if let medium = generation.unfinishedMedium { answer.remarks.append(.unfinished(medium)) }
    answer.remarks += Remark.all(on: answer.parts)
    return answer
  }
}
