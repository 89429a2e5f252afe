internal import Foundation
package import SpudInference
internal import SpudMemory
package import SpudPipeline
internal import SpudTokens

/// Conversations of many sessions: what the first token of a late one costs a model that remembers what was said before
/// (sealed on disk, opened as a new process does), and one that reads it again.
package struct MemoryProbe: Sendable {
  package var system: String
  package var model: Model
  package var examples: [Example]
  /// Conversations.
  package var count: Int

  package init(system: String, model: Model, examples: [Example], count: Int) {
    self.system = system
    self.model = model
    self.examples = examples
    self.count = count
  }

  /// Sessions of a conversation, each a question; these are measured.
  static let visits = 16
  static let measured = [2, 4, 8, 16]

  /// As a probe of a run.
  package func probe(_ stopwatch: Stopwatch) -> Probe {
    let questions = examples.filter { $0.output == .text && $0.kind != .video }
    let keys = (0..<(questions.isEmpty ? 0 : count)).map {
      record($0, Self.measured[0], .resumed, 0, 0, 0, 0, isSame: true).key
    }
    return Probe(title: "memory", keys: keys) { journal in
      for conversation in 0..<count {
        guard !journal.has(record(conversation, Self.measured[0], .resumed, 0, 0, 0, 0, isSame: true).key) else {
          continue
        }
        for record in try await measure(conversation, questions, stopwatch) { try journal.append(.memory(record)) }
      }
    }
  }

  private func record(
    _ conversation: Int, _ visit: Int, _ way: MemoryRecord.Way, _ tokens: Int, _ computed: Int, _ firstToken: Double,
    _ total: Double, isSame: Bool
  ) -> MemoryRecord {
    MemoryRecord(
      system: system, conversation: conversation, visit: visit, way: way, tokens: tokens, computed: computed,
      firstToken: firstToken, total: total, isSame: isSame)
  }

  /// One way through a session.
  private struct Passage {
    var answer: Answer
    var firstToken: Double
    var total: Double
  }

  @concurrent
  private func measure(
    _ conversation: Int, _ questions: [Example], _ stopwatch: Stopwatch
  ) async throws -> [MemoryRecord] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "spud-memory-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let key = try MasterKey.random()
    let tenant = "conversation \(conversation) of \(folder)"
    let options = GenerationOptions(sampling: .greedy, maximumTokens: 32, output: .text, thinking: 0)
    var records: [MemoryRecord] = []
    var state = SessionState()
    for visit in 1...Self.visits {
      try Task.checkCancellation()
      let example = questions[(conversation * Self.visits + visit - 1) % questions.count]
      guard let parts = try MediaStore().load(example.turns).last?.parts else { continue }
      // As much as there is room for: a conversation that loses its beginning is another one.
      guard state.tokenCount + 3 * model.contextLength / 8 < model.contextLength else { break }
      // Only what a new process would not have is forgotten.
      await model.forget(.tenant(tenant))
      let isMeasured = Self.measured.contains(visit)
      // Which way comes first changes from one to the next.
      let again = isMeasured && conversation % 2 == 1 ? try await reread(state, parts, options, stopwatch) : nil
      let (passage, next) = try await resume(folder, key, tenant, parts, options, stopwatch)
      let other = isMeasured && again == nil ? try await reread(state, parts, options, stopwatch) : again
      if let other {
        let isSame = passage.answer.tokens == other.answer.tokens
        for (way, passage) in [(MemoryRecord.Way.resumed, passage), (.reread, other)] {
          records.append(
            record(
              conversation, visit, way, passage.answer.usage.input,
              passage.answer.usage.input - passage.answer.usage.cached, passage.firstToken, passage.total,
              isSame: isSame))
        }
      }
      state = next
    }
    return records
  }

  private func resume(
    _ folder: String, _ key: MasterKey, _ tenant: String, _ parts: [StreamPart], _ options: GenerationOptions,
    _ stopwatch: Stopwatch
  ) async throws -> (Passage, SessionState) {
    let start = stopwatch.now()
    let store = try SealedStore(
      folder + "/store", key: key, settings: SealedStore.Settings(stateDirectory: folder + "/state"))
    let memory = try await store.attach(to: model)
    let session = try memory.session(named: "it", of: model, tenant: tenant)
    let opened = stopwatch.now() - start
    let answer = try await session.respond(to: parts, options: options).answer()
    let total = stopwatch.now() - start
    try await memory.save(session, named: "it", of: model, tenant: tenant)
    _ = await model.flushMemory()
    await model.detachMemory()
    return (
      Passage(answer: answer, firstToken: opened + answer.timings.firstToken.milliseconds / 1e3, total: total),
      await session.state()
    )
  }

  private func reread(
    _ state: SessionState, _ parts: [StreamPart], _ options: GenerationOptions, _ stopwatch: Stopwatch
  ) async throws -> Passage {
    let session = model.makeIsolatedSession(resuming: state)
    let start = stopwatch.now()
    let answer = try await session.respond(to: parts, options: options).answer()
    return Passage(
      answer: answer, firstToken: answer.timings.firstToken.milliseconds / 1e3, total: stopwatch.now() - start)
  }
}
