package import SpudInference
package import SpudTokens
internal import Synchronization

/// A loaded checkpoint that answers.
package final class ModelResponder: Responder {
  /// What this module is called in the stages of a reply.
  private let name: String
  private let model: Model
  private let media: MediaStore
  private let stopwatch: Stopwatch
  private let session: Mutex<Session>

  /// - Parameter media: shared by the modules of one system, so that each file is decoded once.
  package init(_ model: Model, name: String, media: MediaStore, stopwatch: Stopwatch = .continuous) {
    self.model = model
    self.name = name
    self.media = media
    self.stopwatch = stopwatch
    session = Mutex(model.makeIsolatedSession())
  }

  package func forget() async {
    media.forget()
    // A new one finds nothing: its first question is cold.
    session.withLock { $0 = model.makeIsolatedSession() }
  }

  package func respond(to question: Question) async throws -> Reply {
    let start = stopwatch.now()
    let turns = try media.load(question.turns)
    let decoded = stopwatch.now() - start
    let session = session.withLock { $0 }
    let request = SpudInference.Request(turns, options: question.options)
    let answer = try await session.respond(toConversation: request).answer()
    return timed(reply(answer), answer.timings, decoded: decoded, total: stopwatch.now() - start)
  }

  /// Answers that are computed at once: enough to read the weights seldom, few enough for the cache to stay small.
  private static let answersAtOnce = 16

  package func respond(toAll questions: [Question]) async throws -> [Reply] {
    let start = stopwatch.now()
    let requests = try questions.map { SpudInference.Request(try media.load($0.turns), options: $0.options) }
    let decoded = stopwatch.now() - start
    let answers = try await model.answers(to: requests, atOnce: Self.answersAtOnce)
    let total = stopwatch.now() - start
    // One after the other, all are tokenized before the first is read; the last to begin ends the reading.
    var timings = Timings()
    timings.tokenize = answers.reduce(.zero) { $0 + $1.timings.tokenize }
    timings.firstToken = answers.map(\.timings.firstToken).max() ?? .zero
    return answers.map { timed(reply($0), timings, decoded: decoded, total: total) }
  }

  private func reply(_ answer: Answer) -> Reply {
    var reply = Reply(
      text: answer.text, thought: answer.thought.isEmpty ? nil : answer.thought, tokens: answer.tokens,
      usage: answer.usage)
    for part in answer.parts {
      switch part {
      case .image(let image): reply.image = image
      case .audio(let sound): reply.audio = sound
      case .text, .thought, .video, .call, .result: continue
      }
    }
    return reply
  }

  private func timed(_ reply: Reply, _ timings: Timings, decoded: Double, total: Double) -> Reply {
    var reply = reply
    let tokenized = decoded + timings.tokenize / .seconds(1)
    let first = decoded + timings.firstToken / .seconds(1)
    reply.stages = [
      Stage(module: name, work: .tokenize, start: 0, end: tokenized),
      Stage(module: name, work: .prefill, start: tokenized, end: first),
      Stage(module: name, work: .decode, start: first, end: total),
    ]
    reply.firstToken = first
    reply.total = total
    return reply
  }
}
