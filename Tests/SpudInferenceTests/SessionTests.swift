import Foundation
import SpudErrors
import SpudTokens
import Testing

@testable import SpudInference

@Suite("Conversations")
struct SessionTests {
  @Test("a later turn reads only what is new, and is answered as if all had been read at once")
  func cacheReuse() async throws {
    for model in [try await TinyModel.unified.value, try await TinyModel.textOnly.value] {
      let greedy = GenerationOptions(sampling: .greedy, maximumTokens: 12, output: .text, thinking: 0)
      let session = model.makeIsolatedSession()
      let long = String(repeating: "the first ", count: 8)
      let first = try await session.respond(to: [.text(long)], options: greedy).answer()
      let second = try await session.respond(to: [.text("the second")], options: greedy).answer()
      #expect(first.usage.cached == 0)
      // Whole blocks of 32.
      #expect(second.usage.cached >= 32 && second.usage.cached % 32 == 0)
      // Asked anew, with the ids of the first answer given as text, the model reads the same and says the same.
      let whole = Request(
        [
          StreamTurn(.user, [.text(long)]), StreamTurn(.assistant, first.parts),
          StreamTurn(.user, [.text("the second")]),
        ],
        options: greedy)
      let fresh = try await model.makeIsolatedSession().respond(toConversation: whole).answer()
      #expect(fresh.usage.cached == 0)
      if fresh.usage.text == second.usage.text { #expect(fresh.tokens == second.tokens) }
      // The same conversation given whole to the session that has it in its cache.
      let again = try await session.respond(toConversation: whole).answer()
      // What it wrote itself it finds again as it wrote it, however its text might be tokenized anew.
      #expect(again.tokens == second.tokens)
      #expect(again.usage.cached >= 32)
    }
  }

  @Test("a conversation that grows past many blocks reads what is new only")
  func growth() async throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Models/spud-nano").path
    let model = try await Model.load(path, options: LoadOptions(threads: 2))
    let options = GenerationOptions(sampling: .greedy, maximumTokens: 20, output: .text, thinking: 0)
    let session = model.makeIsolatedSession()
    var turns = [StreamTurn(.user, [.text(String(repeating: "what is 12 plus 30? ", count: 6))])]
    let first = try await session.respond(toConversation: Request(turns, options: options)).answer()
    turns += [
      StreamTurn(.assistant, first.parts), StreamTurn(.user, [.text(String(repeating: "red star ", count: 400))]),
    ]
    let request = Request(turns, options: options)
    let second = try await session.respond(toConversation: request).answer()
    let fresh = try await model.makeIsolatedSession().respond(toConversation: request).answer()
    #expect(second.usage.text > 512 && second.usage.cached >= 32)
    #expect(second.tokens == fresh.tokens && fresh.usage.cached == 0)
  }

  @Test("answers of one batch are what each question gets alone, in any company", arguments: [1, 2, 3, 7])
  func batches(atOnce: Int) async throws {
    let model = try await TinyModel.unified.value
    let requests = (0..<7).map { index in
      Request(
        [.text(String(repeating: "the ", count: 1 + index * 5)), .image(TinyModel.picture)],
        options: TinyModel.options(seed: UInt64(index), tokens: 10 + 7 * index))
    }
    let together = try await model.answers(to: requests, atOnce: atOnce)
    #expect(together.count == requests.count)
    for (request, answer) in zip(requests, together) {
      let alone = try await model.makeIsolatedSession().respond(toConversation: request).answer()
      #expect(answer.tokens == alone.tokens)
      #expect(answer.finish == alone.finish)
    }
  }

  @Test("an empty batch has no answers")
  func emptyBatch() async throws {
    #expect(try await TinyModel.unified.value.answers(to: []).isEmpty)
  }

  @Test("a prompt of no tokens is refused, in whatever way it is empty")
  func emptyPrompt() async throws {
    // Without a chat form no mark is added that would make it longer.
    let model = try await TinyModel.textOnly.value
    for parts in [[], [.text("")], [.text(""), .text("")], [.thought("x")]] as [[StreamPart]] {
      let errors = [
        await #expect(throws: SpudError.self) { try await model.respond(to: parts).answer() },
        await #expect(throws: SpudError.self) { try await model.answers(to: [Request(parts)]) },
      ]
      for error in errors {
        #expect(error?.code == .usage)
        #expect(error?.message.contains("the prompt is empty") == true)
      }
    }
  }

  @Test("a conversation outlives answers that failed, were cut off or were interrupted")
  func robustness() async throws {
    let model = try await TinyModel.unified.value
    let session = model.makeSession()
    // A picture cut off by the limit of the context must not stay open in the history.
    for seed in 0..<4 as Range<UInt64> {
      let response = session.respond(
        to: [.text("one a and another a and yet another a")], options: TinyModel.options(seed: seed, tokens: 20))
      for try await piece in response {
        if case .text = piece { response.interrupt() }
      }
    }
    await #expect(throws: (any Error).self) {
      try await session.respond(to: [.text(String(repeating: "x ", count: 300))]).answer()
    }
    let answer = try await session.respond(to: [.text("b")], options: TinyModel.options(tokens: 8)).answer()
    #expect(answer.usage.cached > 0)
  }
}

@Suite("Interruption")
struct InterruptionTests {
  /// Long enough that no answer ends by itself before it is interrupted.
  private let long = TinyModel.options(tokens: 200, output: .audio)

  @Test("an interrupted answer ends in order, with what there is")
  func interrupt() async throws {
    let model = try await TinyModel.unified.value
    let response = model.respond(to: [.text("sing")], options: long)
    response.interrupt()
    let answer = try await response.answer()
    #expect(answer.finish == .interrupted)
    #expect(answer.tokens.count < 200)
    // The sound that was not finished is not there; a thought that came before it may be.
    #expect(!answer.parts.contains { if case .audio = $0 { true } else { false } })
  }

  @Test("cancelling the task stops the model, and the next answer does not wait for the rest")
  func cancellation() async throws {
    let model = try await TinyModel.unified.value
    let task = Task {
      for try await _ in model.respond(to: [.text("sing")], options: long) {}
      return Task.isCancelled
    }
    task.cancel()
    #expect(try await task.value)
    _ = try await model.respond(to: [.text("hi")], options: TinyModel.options(tokens: 2)).answer()
  }

  @Test("leaving the loop stops the model")
  func leaving() async throws {
    let model = try await TinyModel.unified.value
    for try await piece in model.respond(to: [.text("hi")], options: TinyModel.options(tokens: 200, output: .text)) {
      if case .text = piece { break }
    }
    _ = try await model.respond(to: [.text("hi")], options: TinyModel.options(tokens: 2)).answer()
  }

  @Test("a cancelled batch throws")
  func batch() async throws {
    let model = try await TinyModel.unified.value
    let requests = (0..<50).map { Request([.text("sing \($0)")], options: long) }
    let task = Task { try await model.answers(to: requests, atOnce: 2) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
