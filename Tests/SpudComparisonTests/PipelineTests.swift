import SpudInference
import SpudPipeline
import SpudTokens
import Synchronization
import Testing

@testable import SpudComparison

@Suite("The pipeline")
struct PipelineTests {
  static let question = Question(turns: [
    PromptTurn(.user, [.image(path: "scene.png"), .audio(path: "word.wav"), .text("what colour is it?")])
  ])

  struct Modules {
    let clock = ScriptedClock()
    let vision: ScriptedResponder
    let hearing: ScriptedResponder
    let language: ScriptedResponder
    let pipeline: Pipeline

    init() {
      vision = ScriptedResponder(clock: clock, prefill: 1, decode: 2) { _ in "a red star" }
      hearing = ScriptedResponder(clock: clock, prefill: 0.5, decode: 0.5) { _ in "star" }
      language = ScriptedResponder(clock: clock, prefill: 0.25, decode: 0.75) { question in
        question.words.contains("a red star") ? "red" : "unknown"
      }
      pipeline = Pipeline(
        vision: vision, hearing: hearing, language: language, prompts: PipelinePrompts(), media: MediaStore(),
        isParallel: false, stopwatch: clock.stopwatch)
    }
  }

  @Test("describes, transcribes, then answers from the two texts; its times add up by hand")
  func addsUp() async throws {
    let modules = Modules()
    let reply = try await modules.pipeline.respond(to: Self.question)
    #expect(reply.text == "red")
    #expect(reply.descriptions == ["a red star", "star"])
    #expect(reply.firstToken == 4.25)
    #expect(reply.total == 5)
    #expect(reply.stages.map(\.module) == ["vision", "vision", "hearing", "hearing", "language", "language"])
    #expect(reply.stages.map(\.start) == [0, 1, 3, 3.5, 4, 4.25])
    #expect(reply.usage == Usage(text: 30, image: 15, output: 9))
    let told = modules.language.asked.withLock { $0 }
    #expect(told.first?.words == "picture: a red star\n sound: star\n what colour is it?")
    #expect(told.first?.turns.media.isEmpty == true)
  }

  @Test("describes several pictures of one question at once")
  func describesTogether() async throws {
    let modules = Modules()
    let pictures = [PromptPart.image(path: "one.png"), .image(path: "two.png"), .image(path: "three.png")]
    let reply = try await modules.pipeline.respond(
      to: Question(turns: [PromptTurn(.user, pictures + [.text("what is in all of them?")])]))
    #expect(modules.vision.together.withLock { $0 } == [3])
    #expect(reply.descriptions == ["a red star", "a red star", "a red star"])
    #expect(reply.usage == Usage(text: 40, image: 20, output: 12))
    #expect(reply.total == 10)
  }

  @Test("keeps its descriptions for a second question about the same media, and forgets them when told")
  func keepsDescriptions() async throws {
    let modules = Modules()
    _ = try await modules.pipeline.respond(to: Self.question)
    let second = try await modules.pipeline.respond(to: Self.question)
    #expect(second.total == 1)
    #expect(second.stages.map(\.module) == ["language", "language"])
    #expect(modules.vision.asked.withLock { $0.count } == 1)
    await modules.pipeline.forget()
    #expect(try await modules.pipeline.respond(to: Self.question).total == 5)
  }
}
