internal import SpudErrors
internal import SpudTokens

/// What decides which ids an answer may hold, and when it is over.
enum Constraint: Sendable {
  /// A unified model: the grammar of its stream.
  case grammar(StreamGrammar)
  /// A text-only model.
  case text(TextRules)

  /// The rules of a text-only model.
  struct TextRules: Sendable {
    /// Ids that the tokenizer knows; a checkpoint may have more rows, which mean nothing.
    var vocabularyCount: Int
    /// Ids that end an answer.
    var endings: Set<Int32>
    /// The marks of a thought, if the model has them.
    var thoughts: PieceAssembler.ThoughtMarks?
    /// Ids that a thought may hold.
    var thinking: Int
    /// Whether a thought is open, and how many ids it holds.
    var isThinking = false
    var thoughtLength = 0
  }
}

/// One answer in the making. Belongs to the thread that computes.
final class Generation {
  /// Ids to read before the answer begins, those that the cache holds already left out.
  let prompt: ArraySlice<Int32>
  /// How many of them have been read.
  private(set) var readCount = 0
  /// Ids generated so far.
  private(set) var ids: [Int32] = []
  /// Set when the answer is over.
  private(set) var finish: FinishReason?
  private(set) var timings: Timings
  /// Whether a thought was ended at its limit, though the model would have gone on.
  private(set) var thoughtWasCut = false
  let interruption: Interruption

  private var constraint: Constraint
  private var sampler: Sampler
  private var assembler: PieceAssembler
  private let limit: Int
  private let requested: ContinuousClock.Instant
  private let onPromptProgress: (@Sendable (Double) -> Void)?
  private let deliver: (Piece) -> Void
  private var started: ContinuousClock.Instant?
  private var firstTokenTime: ContinuousClock.Instant?

  /// - Parameters:
  ///   - prompt: Not empty.
  ///   - limit: Ids that may be generated, at least 1.
  ///   - timings: With loading and tokenizing filled in.
  ///   - requested: When the answer was asked for.
  ///   - deliver: Is given every piece but `.finished`.
  init(
    prompt: ArraySlice<Int32>, constraint: Constraint, assembler: PieceAssembler, options: GenerationOptions,
    limit: Int,
    timings: Timings, requested: ContinuousClock.Instant, interruption: Interruption, deliver: @escaping (Piece) -> Void
  ) {
    precondition(!prompt.isEmpty && limit >= 1, "a generation needs a prompt and room for an answer")
    self.prompt = prompt
    self.constraint = constraint
    self.assembler = assembler
    self.limit = limit
    self.timings = timings
    self.requested = requested
    self.interruption = interruption
    self.deliver = deliver
    sampler = Sampler(options.sampling)
    onPromptProgress = options.onPromptProgress
  }

  /// Whether the whole prompt has been handed over, so that the next logits choose an id.
  var hasReadPrompt: Bool { readCount == prompt.count }

  /// The parts of the answer so far.
  var parts: [StreamPart] { assembler.parts }

  /// The kind of medium that the answer left open.
  var unfinishedMedium: PartKind? { assembler.unfinished }

  /// Takes the next ids for the model to read: at most `room` of the prompt, or the id chosen last.
  func takeInput(room: Int) -> ArraySlice<Int32> {
    if started == nil { started = .now }
    guard hasReadPrompt else {
      let start = prompt.startIndex + readCount
      let count = min(room, prompt.count - readCount)
      readCount += count
      return prompt[start..<start + count]
    }
    return ids.suffix(1)
  }

  /// Says how far reading is, between two steps.
  func reportProgress() {
    guard ids.isEmpty else { return }
    onPromptProgress?(Double(readCount) / Double(prompt.count))
  }

  /// Chooses the next id from the logits after everything read so far, and delivers what is complete with it.
  ///
  /// - Parameter logits: `[vocabulary]`.
  func advance(_ logits: Span<Float>) throws {
    let allowed = allowedRanges(logits.count)
    let id = try sampler.next(logits, among: allowed)
    if try isForcedEndOfThought(id, allowed, logits) { thoughtWasCut = true }
    let now = ContinuousClock.now
    if let firstTokenTime {
      timings.decode = firstTokenTime.duration(to: now)
      timings.decodedTokens += 1
    } else {
      firstTokenTime = now
      timings.firstToken = requested.duration(to: now)
      timings.prefill = (started ?? now).duration(to: now)
    }
    ids.append(id)
    let isLast = ids.count == limit
    // Where room runs out the grammar leaves nothing but <end>: what the model wanted says whether it was cut off.
    let wasCutOff = try isLast && wouldGoOn(logits)
    let isOver = try take(id)
    if !isOver || !isEnding(id) {
      for piece in try assembler.push(id) { deliver(piece) }
    }
    if isOver || isLast { end(isOver && !wasCutOff ? .end : .length) }
  }

  /// Ends the answer before the model did.
  func interrupt() {
    if started == nil { started = .now }
    end(.interrupted)
  }

  private func end(_ reason: FinishReason) {
    guard finish == nil else { return }
    for piece in assembler.finish() { deliver(piece) }
    finish = reason
  }

  private func allowedRanges(_ vocabularyCount: Int) -> [Range<Int32>] {
    switch constraint {
    case .grammar(let grammar):
      return grammar.allowed(remaining: limit - ids.count).ranges
    case .text(let rules):
      if let marks = rules.thoughts, rules.isThinking, rules.thoughtLength >= rules.thinking {
        return [marks.close..<marks.close + 1]
      }
      return [0..<Int32(min(rules.vocabularyCount, vocabularyCount))]
    }
  }

  /// Whether the model, had it more room, would have chosen something else than to end.
  private func wouldGoOn(_ logits: Span<Float>) throws -> Bool {
    guard case .grammar(let grammar) = constraint else { return false }
    let likeliest = try Sampler.likeliest(logits, among: grammar.allowed().ranges)
    return likeliest != grammar.vocabulary.id(of: .end)
  }

  /// Whether a thought ends with `id` only because nothing else was allowed.
  private func isForcedEndOfThought(_ id: Int32, _ allowed: [Range<Int32>], _ logits: Span<Float>) throws -> Bool {
    guard allowed == [id..<id + 1] else { return false }
    let end =
      switch constraint {
      case .grammar(let grammar): grammar.vocabulary.id(of: .thinkEnd)
      case .text(let rules): rules.thoughts?.close
      }
    return try id == end && Sampler.likeliest(logits, among: [0..<Int32(logits.count)]) != id
  }

  /// Advances the rules by the id chosen.
  ///
  /// - Returns: Whether the answer is over with it.
  private func take(_ id: Int32) throws -> Bool {
    switch constraint {
    case .grammar(var grammar):
      try grammar.push(id)
      constraint = .grammar(grammar)
      return grammar.isComplete
    case .text(var rules):
      if id == rules.thoughts?.open {
        rules.isThinking = true
      } else if id == rules.thoughts?.close {
        rules.isThinking = false
      } else if rules.isThinking {
        rules.thoughtLength += 1
      }
      constraint = .text(rules)
      return rules.endings.contains(id)
    }
  }

  /// Whether an id ends answers of a text-only model: it may not be special, and then must not be shown either.
  private func isEnding(_ id: Int32) -> Bool {
    if case .text(let rules) = constraint { return rules.endings.contains(id) }
    return false
  }
}
