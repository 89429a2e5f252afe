import SpudInference
import SpudPipeline
import SpudTokens
import Synchronization

@testable import SpudComparison

/// The suite's, not the one that files hold.
typealias Example = SpudComparison.Example

/// A clock that stands still until it is told to go on.
final class ScriptedClock: Sendable {
  private let time = Mutex(0.0)

  var stopwatch: Stopwatch { Stopwatch { self.time.withLock { $0 } } }

  func advance(by seconds: Double) {
    time.withLock { $0 += seconds }
  }
}

/// A model of known answers that takes a known time.
final class ScriptedResponder: Responder {
  private let clock: ScriptedClock
  private let prefill: Double
  private let decode: Double
  private let answer: @Sendable (Question) -> String
  let asked = Mutex<[Question]>([])
  let forgotten = Mutex(0)
  /// How many questions came at once, each time that several could.
  let together = Mutex<[Int]>([])

  init(
    clock: ScriptedClock, prefill: Double, decode: Double, answer: @escaping @Sendable (Question) -> String
  ) {
    self.clock = clock
    self.prefill = prefill
    self.decode = decode
    self.answer = answer
  }

  func respond(to question: Question) async throws -> Reply {
    asked.withLock { $0.append(question) }
    clock.advance(by: prefill + decode)
    return Reply(
      text: answer(question), usage: Usage(text: 10, image: 5, output: 3),
      stages: [
        Stage(module: "unified", work: .prefill, start: 0, end: prefill),
        Stage(module: "unified", work: .decode, start: prefill, end: prefill + decode),
      ],
      firstToken: prefill, total: prefill + decode)
  }

  func respond(toAll questions: [Question]) async throws -> [Reply] {
    together.withLock { $0.append(questions.count) }
    var replies: [Reply] = []
    for question in questions { replies.append(try await respond(to: question)) }
    return replies
  }

  func forget() async {
    forgotten.withLock { $0 += 1 }
  }
}

extension Question {
  /// The words of all turns.
  var words: String {
    turns.flatMap(\.parts).compactMap { part in
      if case .text(let text) = part { text } else { nil }
    }.joined(separator: " ")
  }
}
