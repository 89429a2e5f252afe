import Foundation
import SpudInference
import SpudTokens
import Synchronization
import Testing

@testable import SpudPipeline

@Suite("The times of a model's replies")
struct ModelResponderTests {
  /// A clock that each reading advances: decoding the media takes 50 seconds, everything else next to nothing.
  private final class Clock: Sendable {
    private let readings = Mutex(0)
    var stopwatch: Stopwatch {
      Stopwatch {
        self.readings.withLock { reading in
          defer { reading += 1 }
          return reading == 0 ? 0 : 50 + Double(reading)
        }
      }
    }
  }

  private func responder() async throws -> ModelResponder {
    let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "SpudInferenceTests/Fixtures/tiny-unified").path
    let model = try await Model.load(fixture, options: LoadOptions(threads: 1))
    return ModelResponder(model, name: "tiny", media: MediaStore(), stopwatch: Clock().stopwatch)
  }

  private let question = Question(
    turns: [PromptTurn(.user, [.text("hi")])], output: .text, maximumTokens: 4)

  /// Decoding comes before tokenizing and before the first token, so both end after it.
  private func check(_ reply: Reply) throws {
    #expect(reply.firstToken > 51)
    let ends = reply.stages.map(\.end)
    try #require(ends.count == 3)
    #expect(ends[0] > 51 && ends[0] < 52 && ends[0] < ends[1])
    #expect(ends[1] == reply.firstToken && ends[2] == reply.total && reply.total > 51)
  }

  @Test("count the decoding of media, of one question and of several at once")
  func decoding() async throws {
    try check(try await responder().respond(to: question))
    for reply in try await responder().respond(toAll: [question, question]) { try check(reply) }
  }
}
