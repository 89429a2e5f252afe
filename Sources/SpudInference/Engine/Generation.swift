internal import SpudErrors
internal import SpudModels
internal import SpudSchema
internal import SpudTokens

/// One answer in the making: handed over to the engine, it belongs to the thread that computes.
final class Generation: @unchecked Sendable {
  // `@unchecked`: nobody but the engine touches it between `submit` and the call of `ended`.

  /// What the engine is asked for.
  struct Order {
    /// Ids to read before the answer begins, from the beginning of the sequence; not empty.
    var prompt: [Int32]
    /// A mark for each.
    var marks: [Mark]
    /// Ids that may be generated, at least 1.
    var limit: Int
    /// Others that have the same prompt.
    var company: PromptCompany?
    /// Whose prefixes it may find; nil neither finds any nor leaves one.
    var scope: CacheScope?
    var options: GenerationOptions
    /// How ids are chosen.
    var sampling: Sampling
    /// What the answer's text is held to.
    var shape: TokenConstraint?
    /// With loading and tokenizing filled in.
    var timings: Timings
    var requested: ContinuousClock.Instant
  }

  let order: Order
  let interruption: Interruption
  let delivery: Delivery
  /// Since when whoever reads the answer is behind; nil while it is not.
  let readerIsBehind: @Sendable () -> ContinuousClock.Instant?

  /// Ids generated so far.
  private(set) var ids: [Int32] = []
  /// Set when the answer is over.
  private(set) var finish: FinishReason?
  /// Set when it ended without one.
  private(set) var failure: (any Error)?
  private(set) var timings: Timings
  /// Whether a thought was ended at its limit, though the model would have gone on.
  private(set) var thoughtWasCut = false
  /// How many ids, from the first, are whole parts of a unified model's answer.
  private(set) var wholeCount = 0

  // The engine's: where it is in the cache.
  /// Its place in the order of submission, which stays when it gives its pages up.
  var number = 0
  var sequence: Int32?
  /// Ids of the prompt that were found in the tree at first.
  var cachedCount = 0
  /// What had been read of the model's files for experts when it got that place.
  var fileBytesBefore = 0
  /// What the memory beyond the process had of it, and got.
  var memory = MemoryUse()
  var submitted = ContinuousClock.now
  /// Whom to tell that it is over.
  var ended: (@Sendable () -> Void)?

  private var suffixes = SuffixIndex()
  private var constraint: Constraint
  /// Where in its shape the answer's text is.
  private var shapeState: TokenConstraint.State
  private var sampler: Sampler
  private var started: ContinuousClock.Instant?
  private var firstTokenTime: ContinuousClock.Instant?

  init(
    _ order: Order, constraint: Constraint, delivery: Delivery, interruption: Interruption,
    readerIsBehind: @escaping @Sendable () -> ContinuousClock.Instant? = { nil }
  ) {
    precondition(!order.prompt.isEmpty && order.limit >= 1, "a generation needs a prompt and room for an answer")
    precondition(order.prompt.count == order.marks.count, "a mark for each id of the prompt")
    self.order = order
    self.constraint = constraint
    self.delivery = delivery
    self.interruption = interruption
    self.readerIsBehind = readerIsBehind
    timings = order.timings
    shapeState = order.shape?.start ?? 0
    sampler = Sampler(order.sampling, prompt: order.prompt)
  }

  /// Whether another is still to read the prompt that both have.
  var awaitsPrompt: Bool {
    guard let leader = order.company?.leader, leader !== self else { return false }
    return !leader.isOver && leader.ids.isEmpty
  }

  /// Ids of the prompt and of the answer so far.
  var count: Int { order.prompt.count + ids.count }

  /// Whether the answer is over, one way or another.
  var isOver: Bool { finish != nil || failure != nil }

  /// Some of the ids that the sequence is to hold.
  func tokens(_ range: Range<Int>) -> [Int32] {
    let prompt = order.prompt.count
    if range.upperBound <= prompt { return Array(order.prompt[range]) }
    if range.lowerBound >= prompt { return Array(ids[range.lowerBound - prompt..<range.upperBound - prompt]) }
    return Array(order.prompt[range.lowerBound...] + ids[..<(range.upperBound - prompt)])
  }

  /// Their marks.
  func marks(_ range: Range<Int>) -> [Mark] {
    range.map { $0 < order.prompt.count ? order.marks[$0] : .written }
  }

  /// What may follow, from what repeats in the prompt and the answer.
  func guess(limit: Int) -> SuffixIndex.Guess {
    suffixes.append(tokens(suffixes.count..<count))
    return suffixes.guess(limit: limit)
  }

  /// Notes how much has been read of the model's files for experts, of which what was read before does not count.
  func noteFileBytes(_ total: Int) { timings.fileBytes = total - fileBytesBefore }

  func noteGuess(checked: Int, accepted: Int) {
    timings.guessedTokens += checked
    timings.acceptedTokens += accepted
  }

  /// Notes that the model begins to read.
  func start() {
    if started == nil { started = .now }
  }

  /// Says how much of the prompt has been read, between two steps.
  ///
  /// - Parameter read: Ids, of which a part of the layers counts as a part.
  func reportProgress(read: Double) {
    guard ids.isEmpty else { return }
    order.options.onPromptProgress?(min(1, read / Double(order.prompt.count)))
  }

  /// Chooses the next id from the logits after everything read so far, and delivers what is complete with it.
  ///
  /// - Parameters:
  ///   - logits: `[vocabulary]`.
  ///   - experts: Where the position that they come from was sent, `[layer][choice]`.
  func advance(_ logits: Span<Float>, experts: [[UInt16]] = []) throws {
    order.options.onLogits?(logits)
    let allowed = try allowedRanges(logits.count)
    var id = try sampler.next(logits, among: allowed)
    if let replayed = order.options.replayed, ids.count < replayed.count { id = replayed[ids.count] }
    if try isForcedEndOfThought(id, allowed, logits) { thoughtWasCut = true }
    noteTime()
    ids.append(id)
    let isLast = ids.count == order.limit
    // Where room runs out the grammar leaves nothing but <end>: what the model wanted says whether it was cut off.
    let wasCutOff = try isLast && wouldGoOn(logits)
    let (isOver, step) = try take(id)
    let report = delivery.report(of: id, logits, experts: experts, order.options)
    if !isOver || !isEnding(id) { delivery.push(id, step, report: report) }
    if delivery.stop != nil {
      end(.stop)
    } else if isOver || isLast {
      end(isOver && !wasCutOff ? .end : .length)
    }
  }

  private func noteTime() {
    let now = ContinuousClock.now
    if let firstTokenTime {
      timings.decode = firstTokenTime.duration(to: now)
      timings.decodedTokens += 1
    } else {
      firstTokenTime = now
      timings.firstToken = order.requested.duration(to: now)
      timings.prefill = (started ?? now).duration(to: now)
    }
  }

  /// Ends the answer before the model did.
  func interrupt() {
    start()
    end(.interrupted)
  }

  func fail(_ error: any Error) {
    guard !isOver else { return }
    failure = error
  }

  private func end(_ reason: FinishReason) {
    guard !isOver else { return }
    finish = reason
  }

  private func allowedRanges(_ vocabularyCount: Int) throws -> [Range<Int32>] {
    switch constraint {
    case .grammar(let grammar):
      let allowed = grammar.allowed(remaining: order.limit - ids.count).ranges
      guard let shape = order.shape, grammar.openPart == .text else { return allowed }
      // Where only <end> fits, the answer is cut.
      let text = allowed.compactMap { range in
        let words = range.clamped(to: grammar.vocabulary.text)
        return words.isEmpty ? nil : words
      }
      guard !text.isEmpty else { return allowed }
      var others: [Int32] = []
      if shape.mayEnd(after: shapeState) { others.append(grammar.vocabulary.id(of: .end)) }
      let think = grammar.vocabulary.id(of: .think)
      // One thought: an answer that may not begin as the model would have it is no reason for another.
      if grammar.thoughtCount == 0, shapeState == shape.start, allowed.contains(where: { $0.contains(think) }) {
        others.append(think)
      }
      return try shape.ranges(after: shapeState, within: vocabularyCount, and: others)
    case .text(let rules):
      if let marks = rules.thoughts, rules.isThinking, rules.thoughtLength >= rules.thinking {
        return [marks.close..<marks.close + 1]
      }
      let count = min(rules.vocabularyCount, vocabularyCount)
      if let shape = order.shape, !rules.isThinking {
        var others = shape.mayEnd(after: shapeState) ? Array(rules.endings) : []
        if let marks = rules.thoughts, !rules.hasBegun, !rules.hasThought, rules.thinking > 0 {
          others.append(marks.open)
        }
        return try shape.ranges(after: shapeState, within: count, and: others)
      }
      // Of an answer that has a shape, a thought is not all.
      guard order.options.ignoresEnd || order.shape != nil else { return [0..<Int32(count)] }
      return Self.all(of: count, without: rules.endings)
    }
  }

  private static func all(of count: Int, without excluded: Set<Int32>) -> [Range<Int32>] {
    var ranges: [Range<Int32>] = []
    var start: Int32 = 0
    for id in excluded.sorted() where id >= 0 && Int(id) < count {
      if id > start { ranges.append(start..<id) }
      start = id + 1
    }
    return Int(start) < count ? ranges + [start..<Int32(count)] : ranges
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
  /// - Returns: Whether the answer is over with it, and what it opened or closed in a unified model's stream.
  private func take(_ id: Int32) throws -> (isOver: Bool, step: PieceAssembler.Step?) {
    switch constraint {
    case .grammar(var grammar):
      var step = PieceAssembler.Step(before: grammar.openPart, after: nil)
      try grammar.push(id)
      step.after = grammar.openPart
      constraint = .grammar(grammar)
      if grammar.isBetweenParts { wholeCount = ids.count }
      if step.before == .text, grammar.vocabulary.text.contains(id) { try advanceShape(by: id) }
      return (grammar.isComplete, step)
    case .text(var rules):
      let isOver = rules.endings.contains(id)
      if id == rules.thoughts?.open, !rules.hasBegun {
        rules.isThinking = true
      } else if id == rules.thoughts?.close {
        rules.isThinking = false
        rules.hasThought = true
      } else if rules.isThinking {
        rules.thoughtLength += 1
      } else if !isOver {
        rules.hasBegun = true
        try advanceShape(by: id)
      }
      constraint = .text(rules)
      return (isOver, nil)
    }
  }

  private func advanceShape(by id: Int32) throws {
    guard let shape = order.shape else { return }
    guard let next = shape.advance(shapeState, by: id) else {
      throw SpudError(.internal, "id \(id) was chosen, but may not stand here")
    }
    shapeState = next
    delivery.prepare(shape, after: next)
  }

  /// Whether an id ends answers of a text-only model: it may not be special, and then must not be shown either.
  private func isEnding(_ id: Int32) -> Bool {
    if case .text(let rules) = constraint { return rules.endings.contains(id) }
    return false
  }
}
