internal import SpudErrors
package import SpudKernels
internal import SpudModels
package import SpudTokens

/// What is kept of a model's conversations beyond the process.
extension Model {
  /// Has the pages of keys and values of every answer kept in a store, and found again there: an answer whose prompt
  /// begins as one before it did, in whatever process, reads only what is new. Conversations of
  /// `makeIsolatedSession` are not kept. What the store cannot give or take is told as a remark (`memory`) of an
  /// answer, which is the same with and without it.
  ///
  /// Before the process ends, `flushMemory` waits for what is still to be sealed.
  ///
  /// - Parameter keepsAnswers: Whether answers are kept to be found by their words, too: for conversations that others
  ///   keep and send whole.
  package func attach(_ store: any PageStore, keepsAnswers: Bool = false) async throws {
    try await thread.run { self.engine.memory = MemoryLink(store) }
    guard keepsAnswers else { return }
    let shelf = AnswerShelf(
      keep: { [weak self] answer, scope in
        guard let self else { return }
        let sequence = answer.sequence
        let marks = sequence.marks.isEmpty ? form.marks(of: sequence.ids) : sequence.marks
        thread.start { self.engine.keep(answer, marks: marks, scope: scope) }
      },
      recall: { scope in scope.tenant.flatMap { try? store.answers(of: $0) } ?? [] })
    answers.attach(shelf, tokenizer: streamTokenizer)
  }

  /// Ends what `attach` began; what is being sealed is sealed to its end.
  package func detachMemory() async {
    _ = await flushMemory()
    answers.attach(nil, tokenizer: nil)
    let link = try? await thread.run {
      defer { self.engine.memory = nil }
      return self.engine.memory
    }
    // Who opens the store next shall find its lock free.
    await link?.settle()
  }

  /// Forgets what the process holds of a scope: its pages in the cache, and how its answers were spelled.
  package func forget(_ scope: CacheScope) async {
    answers.forget(scope)
    try? await thread.run { self.engine.tree.forget(scope) }
  }

  /// Waits until the pages of all answers so far are safe.
  ///
  /// - Returns: Why some are not, in a sentence; nil where all is well.
  package func flushMemory() async -> String? {
    await withCheckedContinuation { continuation in
      thread.start {
        self.engine.whenSealed { continuation.resume(returning: self.engine.memory?.takeFailure()?.message) }
      }
    }
  }

  /// What was said in a conversation, to be read again: a unified model's pictures and sounds as their codes have them,
  /// and described where the context had no room for them any more.
  ///
  /// - Returns: All turns, and how many of them, the last ones, the model has read.
  /// - Throws: `SpudError` (`badData`) when the ids are not this model's.
  package func turns(of state: SessionState) throws -> (turns: [StreamTurn], readCount: Int) {
    var turns = state.streamTurns
    guard let tokenizer = streamTokenizer else { return (turns, turns.count) }
    let read = state.ids.isEmpty ? [] : try tokenizer.decode(state.ids)
    for (place, turn) in zip(turns.indices.reversed(), read.reversed()) where state.turns[place].hasMedia {
      turns[place] = turn
    }
    // A system's turn was read as part of the user's.
    let readCount = min(read.count + (turns.first?.role == .system ? 1 : 0), turns.count)
    return (turns, readCount)
  }

  /// The model's files that decide which ids there are, and what is computed from them, each path below the model's or
  /// the model itself.
  package var filesOfIdentity: [String] {
    get throws { try ModelFiles(path).namesOfIdentity }
  }

  /// The shape of a page of its cache.
  package var cacheShape: CacheShape { transformer.cacheShape(cacheFormat) }

  /// How keys and values are computed and laid out: pages of another layout are of no use.
  package var cacheLayout: String {
    // Where positions depend on the length of the context, it is said here.
    let positions = configuration.layers.first.map { layer in
      switch layer.attention {
      case .grouped(let plan): "\(plan.rotary.scaling)"
      }
    }
    return [
      CacheShape.layout, positions ?? "", "\(cacheShape)", "weights \(costs.weightFormat)",
      "kernels \(kernels.rawValue) \(instructionSet)",
    ].joined(separator: "; ")
  }

  /// A conversation that goes on where another one had come to, finds nothing of it in the cache, and leaves nothing to
  /// others.
  package func makeIsolatedSession(resuming state: SessionState) -> Session {
    makeSession(resuming: state, scope: Self.isolatedScope())
  }

  /// A conversation that goes on where another one, perhaps of another process, had come to.
  package func makeSession(resuming state: SessionState, scope: CacheScope = .shared) -> Session {
    Session(model: self, scope: scope, state: state)
  }
}
