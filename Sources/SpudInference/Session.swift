internal import SpudErrors
internal import SpudKernels
public import SpudTokens

/// A conversation: what has been said stays in the model's cache, so that only what is new is read.
///
///     let session = model.makeSession()
///     print(try await session.respond(to: [.text("My name is Ada.")]).answer().text)
///     print(try await session.respond(to: [.text("What is my name?")]).answer().text)
///
/// Answers of one session are generated one after the other, whichever tasks ask for them. A failed or interrupted
/// answer that wrote nothing leaves the conversation as it was.
public final class Session: Sendable {
  private let model: Model
  private let conversation: Conversation

  init(model: Model) {
    self.model = model
    conversation = Conversation(model: model)
  }

  /// Begins to answer the next turn of this conversation.
  ///
  /// - Parameters:
  ///   - parts: The user's turn, in the order in which the model shall read it.
  ///   - options: What the answer shall be.
  /// - Returns: The answer's pieces as they come. Iterating throws a `SpudError`: `usage` when the model cannot read
  ///   these parts or answer in the form asked for, `badData` when the prompt exceeds the context.
  public func respond(to parts: [StreamPart], options: GenerationOptions = GenerationOptions()) -> Response {
    start(Request(parts, options: options), isWhole: false)
  }

  /// Begins to answer a conversation that the caller keeps: it takes the place of this session's own, and as much of
  /// its beginning as the cache holds is not read again.
  ///
  /// - Parameter request: The whole conversation; its last turn is the user's.
  /// - Returns: As `respond(to:options:)` does.
  public func respond(toConversation request: Request) -> Response {
    start(request, isWhole: true)
  }

  private func start(_ request: Request, isWhole: Bool) -> Response {
    let requested = ContinuousClock.now
    return Response { continuation, interruption in
      model.thread.start { [conversation] in
        do {
          let answer = try conversation.answer(
            request, isWhole: isWhole, requested: requested, interruption: interruption
          ) { continuation.yield($0) }
          continuation.yield(.finished(answer))
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
    }
  }
}

/// The state of a session.
///
/// `@unchecked Sendable`: only the model's compute thread touches it, one job at a time.
private final class Conversation: @unchecked Sendable {
  private let model: Model
  /// A unified model's ids so far: whole turns.
  private var history: [Int32] = []
  /// A text-only model's turns so far.
  private var turns: [StreamTurn] = []
  /// The last request's media as ids: who sends the whole conversation anew does not have them coded anew.
  private var media = CodedMedia()
  private var cache: KeyValueCache?
  /// The ids whose keys and values the cache holds.
  private var cached: [Int32] = []

  init(model: Model) {
    self.model = model
  }

  /// - Parameter isWhole: Whether the request is a whole conversation, not the next turn of this one.
  func answer(
    _ request: Request, isWhole: Bool, requested: ContinuousClock.Instant, interruption: Interruption,
    deliver: @escaping (Piece) -> Void
  ) throws -> Answer {
    let (earlierIDs, earlierTurns) = isWhole ? ([], []) : (history, turns)
    let prepared = try model.prepare(
      request, history: earlierIDs, earlierTurns: earlierTurns, cache: &media)
    for remark in prepared.remarks { deliver(.remark(remark)) }
    let (cache, kept) = try makeRoom(for: prepared)
    let generation = model.makeGeneration(
      prepared, reading: prepared.prompt.ids[kept...], options: request.options, requested: requested,
      interruption: interruption, deliver: deliver)
    // If the engine fails half-way, nobody knows what the cache holds.
    self.cache = nil
    try model.engine.run([generation], cache: cache) { _ in }
    self.cache = cache
    cached = prepared.prompt.ids.prefix(kept + generation.readCount) + generation.ids.dropLast()
    var answer = model.answer(from: generation, prepared, options: request.options)
    answer.usage.cached = kept
    if !generation.ids.isEmpty {
      switch model.form {
      case .stream(let tokenizer):
        history = prepared.prompt.ids + Self.closed(generation.ids, in: tokenizer.vocabulary)
      case .text:
        turns = earlierTurns + request.turns + [StreamTurn(.assistant, answer.parts)]
      }
    }
    return answer
  }

  /// A cache that has room for the prompt and the answer, and how many of the prompt's ids it holds already.
  private func makeRoom(for prepared: Model.Prepared) throws -> (cache: KeyValueCache, kept: Int) {
    var kept = 0
    if cache != nil {
      // At least one id is read, because the first logits come after it.
      let most = min(cached.count, prepared.prompt.ids.count - 1)
      while kept < most, cached[kept] == prepared.prompt.ids[kept] { kept += 1 }
    }
    if let cache {
      cache.truncate(sequence: 0, to: kept)
      return (cache, kept)
    }
    // Pages are taken as the conversation grows.
    return (try model.makeCache(sequences: 1, capacity: model.contextLength), 0)
  }

  /// An answer as a whole turn: a span that it left open is dropped, and `<end>` stands at its end.
  private static func closed(_ ids: [Int32], in vocabulary: Vocabulary) -> [Int32] {
    var grammar = StreamGrammar(vocabulary, beginning: .turn, policy: .unrestricted)
    var whole = 0
    for (index, id) in ids.enumerated() {
      // The engine's ids follow the grammar, so this never throws; if one did, the rest would be dropped.
      guard (try? grammar.push(id)) != nil else { break }
      if grammar.isBetweenParts { whole = index + 1 }
    }
    let end = vocabulary.id(of: .end)
    let kept = ids.prefix(whole)
    return kept.last == end ? Array(kept) : kept + [end]
  }
}
