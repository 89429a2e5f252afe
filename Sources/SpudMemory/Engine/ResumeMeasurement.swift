internal import Foundation
internal import SpudErrors
package import SpudInference
internal import SpudTokens

/// What the first token of a conversation costs a model that resumes it from a sealed store, and the same model when it
/// reads the conversation: both in one process, everything else alike.
package struct ResumeMeasurement: Sendable {
  /// The least tokens that the conversation has before its last question.
  package var tokens: Int
  /// How often each way is gone.
  package var rounds: Int
  /// Where the store is made; it is taken away again.
  package var directory: String

  package init(tokens: Int, rounds: Int, directory: String) {
    self.tokens = tokens
    self.rounds = rounds
    self.directory = directory
  }

  /// One way to the first token, in seconds.
  package struct Passage: Sendable {
    /// Opening the store and the conversation in it; 0 where it is read.
    package var open: Double
    /// From the question to the first token.
    package var firstToken: Double
    /// Of that, until the ids of the prompt were known.
    package var tokenize: Double
    /// Of that, from the first id that is computed on.
    package var compute: Double
    package var usage: Usage

    /// Of the time to the first token, what looking for pages and restoring them took.
    package var restore: Double { firstToken - tokenize - compute }
  }

  package struct Round: Sendable {
    package var resumed: Passage
    package var read: Passage
  }

  /// Reads a conversation once and seals it; then opens the store as a new process does, and asks a question in the
  /// conversation that it gives, and in one that knows the same ids but finds none of them in the cache.
  ///
  /// - Throws: `SpudError` (`badData`) when the model has no room for so many tokens; `internal` when both do not write
  ///   the same ids, or less was restored than was sealed.
  package func run(_ model: Model) async throws -> [Round] {
    try SystemFiles().makeDirectory(directory)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let key = try MasterKey.random()
    var rounds: [Round] = []
    func words(_ count: Int) -> String { String(repeating: "red star ", count: count) }
    // Of what more of them add: alone they may be more ids than in a row.
    let each = (model.ids(ofText: words(20)).count - model.ids(ofText: words(10)).count) / 10
    _ = try await resume(model, key, [.text(words(tokens / max(1, each)))])
    for round in 0..<self.rounds {
      let state = try state(key)
      let question: [StreamPart] = [.text("round \(round)")]
      // Which comes first changes from one round to the next.
      let early = round % 2 == 0 ? try await read(model, state, question) : nil
      let resumed = try await resume(model, key, question, keeps: false)
      let read = if let early { early } else { try await read(model, state, question) }
      guard resumed.ids == read.ids, resumed.passage.usage.restored >= state.tokenCount / 32 * 32 - 32 else {
        throw SpudError(
          .internal,
          "\(resumed.passage.usage.restored) tokens of \(state.tokenCount) were restored, "
            + "and what was written is \(resumed.ids == read.ids ? "" : "not ")the same")
      }
      rounds.append(Round(resumed: resumed.passage, read: read.passage))
    }
    return rounds
  }

  private static let tenant = "measured"
  private static let name = "it"

  private func store(_ key: MasterKey) throws -> SealedStore {
    try SealedStore(
      directory + "/store", key: key, settings: SealedStore.Settings(stateDirectory: directory + "/state"))
  }

  private func state(_ key: MasterKey) throws -> SessionState {
    guard let (_, content) = try store(key).session(named: Self.name, of: Self.tenant) else {
      throw SpudError(.internal, "the conversation that was sealed is not there")
    }
    return try SessionState(bytes: content)
  }

  private func resume(
    _ model: Model, _ key: MasterKey, _ parts: [StreamPart], keeps: Bool = true
  ) async throws -> (ids: [Int32], passage: Passage) {
    await model.forget(.tenant(Self.tenant))
    let start = ContinuousClock.now
    let memory = try await store(key).attach(to: model)
    let session = try memory.session(named: Self.name, of: model, tenant: Self.tenant)
    let open = start.duration(to: .now)
    let answer = try await answer(session, parts)
    if keeps { try await memory.save(session, named: Self.name, of: model, tenant: Self.tenant) }
    await model.detachMemory()
    return (answer.tokens, passage(answer, open: open))
  }

  private func read(
    _ model: Model, _ state: SessionState, _ parts: [StreamPart]
  ) async throws -> (ids: [Int32], passage: Passage) {
    let answer = try await answer(model.makeIsolatedSession(resuming: state), parts)
    return (answer.tokens, passage(answer, open: .zero))
  }

  private func answer(_ session: Session, _ parts: [StreamPart]) async throws -> Answer {
    let options = GenerationOptions(sampling: .greedy, maximumTokens: 4, output: .text, thinking: 0)
    return try await session.respond(to: parts, options: options).answer()
  }

  private func passage(_ answer: Answer, open: Duration) -> Passage {
    Passage(
      open: open.milliseconds / 1e3, firstToken: answer.timings.firstToken.milliseconds / 1e3,
      tokenize: answer.timings.tokenize.milliseconds / 1e3, compute: answer.timings.prefill.milliseconds / 1e3,
      usage: answer.usage)
  }
}
