internal import SpudModels
public import SpudTokens
internal import Synchronization

/// A conversation: what has been said stays in the model's cache, so that only what is new is read.
///
///     let session = model.makeSession()
///     print(try await session.respond(to: [.text("My name is Ada.")]).answer().text)
///     print(try await session.respond(to: [.text("What is my name?")]).answer().text)
///
/// Answers of one session are generated one after the other, whichever tasks ask for them. A failed or interrupted
/// answer that wrote nothing leaves the conversation as it was.
public final class Session: Sendable {
  private let conversation: Conversation
  /// The answer that was asked for last, for the next one to wait for.
  private let last = Mutex<Task<Void, Never>?>(nil)

  init(model: Model, scope: CacheScope, state: SessionState = SessionState()) {
    conversation = Conversation(model: model, scope: scope, state: state)
  }

  /// What has been said so far, when the answers that were asked for are whole.
  package func state() async -> SessionState {
    await last.withLock { $0 }?.value
    return conversation.state
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

  /// Begins to answer the next turns of this conversation, the last of which is the user's.
  ///
  /// - Returns: As `respond(to:options:)` does.
  package func respond(toNext request: Request) -> Response { start(request, isWhole: false) }

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
    let (buffer, interruption) = (PieceBuffer(), Interruption())
    last.withLock { last in
      last = Task { [before = last, conversation] in
        await before?.value
        do {
          let answer = try await conversation.answer(
            request, isWhole: isWhole, requested: requested, interruption: interruption, to: buffer)
          buffer.put(.finished(answer))
          buffer.finish()
        } catch {
          buffer.finish(throwing: error)
        }
      }
    }
    return Response(buffer, interruption: interruption)
  }
}

/// The state of a session: ids and turns, no memory of the engine's.
///
/// `@unchecked Sendable`: a session's answers come one after the other, and nothing else touches it.
private final class Conversation: @unchecked Sendable {
  private let model: Model
  private let scope: CacheScope
  /// A unified model's ids so far: whole turns.
  private var history: [Int32] = []
  /// A text-only model's turns so far.
  private var turns: [StreamTurn] = []
  /// The last request's media as ids: who sends the whole conversation anew does not have them coded anew.
  private var media = CodedMedia()
  /// What was said so far, as it is kept.
  private(set) var state: SessionState

  init(model: Model, scope: CacheScope, state: SessionState) {
    self.model = model
    self.scope = scope
    self.state = state
    switch model.form {
    case .stream: history = state.ids
    case .text(let form):
      turns = state.streamTurns
      guard let last = state.lastPrompt else { break }
      let prompt = 0..<last.promptCount
      let answer = Array(state.ids[last.promptCount..<last.promptCount + last.answerCount])
      // As it was told, which is how it stands in the next prompt.
      let said = turns.last?.parts ?? []
      let isToldWhole = !said.isEmpty && said.allSatisfy { if case .text = $0 { true } else { false } }
      let told = said.map { if case .text(let words) = $0 { words } else { "" } }.joined()
      model.answers.keep(
        answer, text: isToldWhole ? Array(told.utf8) : answer.flatMap { form.tokenizer.piece(of: $0) },
        after: TextForm.Text(bytes: last.bytes, written: last.written),
        AnswerMemory.Sequence(ids: Array(state.ids[prompt]), marks: state.marks(prompt)), scope: scope)
    }
  }

  deinit {
    if case .only = scope {
      model.engine.forget(scope)
      model.answers.forget(scope)
    }
  }

  /// - Parameter isWhole: Whether the request is a whole conversation, not the next turn of this one.
  func answer(
    _ request: Request, isWhole: Bool, requested: ContinuousClock.Instant, interruption: Interruption,
    to buffer: PieceBuffer
  ) async throws -> Answer {
    let (earlierIDs, earlierTurns) = isWhole ? ([], []) : (history, turns)
    let prepared = try await model.preparation.run { [self] in
      try model.prepare(request, history: earlierIDs, earlierTurns: earlierTurns, cache: &media, scope: scope)
    }
    for remark in prepared.remarks { buffer.put(.remark(remark)) }
    let outcome = try await model.generate(
      prepared, options: request.options, scope: scope, requested: requested, interruption: interruption,
      deliver: { buffer.put($0) }, readerIsBehind: { buffer.fullSince })
    if !outcome.answer.tokens.isEmpty {
      if isWhole { state.turns = [] }
      state.turns += (request.turns + [StreamTurn(.assistant, outcome.answer.parts)]).map(SessionState.turn)
      switch model.form {
      case .stream(let tokenizer):
        history =
          outcome.prompt
          + Model.closed(outcome.answer.tokens, wholeCount: outcome.wholeCount, in: tokenizer.vocabulary)
      case .text:
        turns = earlierTurns + request.turns + [StreamTurn(.assistant, outcome.answer.parts)]
      }
      note(outcome, prepared.prompt)
    }
    return outcome.answer
  }

  /// Notes where the conversation has come to.
  private func note(_ outcome: Model.Outcome, _ prompt: PromptForm.Prompt) {
    let ids = history.isEmpty ? outcome.prompt + outcome.answer.tokens : history
    state.setIDs(ids, marks: ids.indices.map { $0 < prompt.marks.count ? prompt.marks[$0] : .written })
    guard case .text(let form) = model.form, let text = prompt.text else { return }
    let ending = outcome.answer.tokens.last.map(form.endings.contains) ?? false
    state.lastPrompt = SessionState.LastPrompt(
      bytes: text.bytes, written: text.written, promptCount: prompt.ids.count,
      answerCount: outcome.answer.tokens.count - (ending ? 1 : 0))
  }
}
