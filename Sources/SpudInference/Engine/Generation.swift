internal import SpudErrors
internal import SpudModels
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
    /// Whose prefixes it may find; nil neither finds any nor leaves one.
    var scope: CacheScope?
    var options: GenerationOptions
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

  // The engine's: where it is in the cache.
  /// Its place in the order of submission, which stays when it gives its pages up.
  var number = 0
  var sequence: Int32?
  /// Ids of the prompt that were found in the tree at first.
  var cachedCount = 0
  var submitted = ContinuousClock.now
  /// Whom to tell that it is over.
  var ended: (@Sendable () -> Void)?

  private var constraint: Constraint
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
    sampler = Sampler(order.options.sampling)
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
  /// - Parameter logits: `[vocabulary]`.
  func advance(_ logits: Span<Float>) throws {
    order.options.onLogits?(logits)
    let allowed = allowedRanges(logits.count)
    let id = try sampler.next(logits, among: allowed)
    if try isForcedEndOfThought(id, allowed, logits) { thoughtWasCut = true }
    let now = ContinuousClock.now
    if let firstTokenTime {
      timings.decode = firstTokenTime.duration(to: now)
      timings.decodedTokens += 1
    } else {
      firstTokenTime = now
      timings.firstToken = order.requested.duration(to: now)
      timings.prefill = (started ?? now).duration(to: now)
    }
    ids.append(id)
    let isLast = ids.count == order.limit
    // Where room runs out the grammar leaves nothing but <end>: what the model wanted says whether it was cut off.
    let wasCutOff = try isLast && wouldGoOn(logits)
    let isOver = try take(id)
    if !isOver || !isEnding(id) { try delivery.push(id) }
    if isOver || isLast { end(isOver && !wasCutOff ? .end : .length) }
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

  private func allowedRanges(_ vocabularyCount: Int) -> [Range<Int32>] {
    switch constraint {
    case .grammar(let grammar):
      return grammar.allowed(remaining: order.limit - ids.count).ranges
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
