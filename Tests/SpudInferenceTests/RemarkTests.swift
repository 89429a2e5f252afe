import SpudMedia
import SpudModels
import SpudSchema
import SpudTensors
import SpudTokens
import Testing

@testable import SpudInference

@Suite("Remarks on answers")
struct RemarkTests {
  @Test("blank pictures, silent sounds and answers of nothing are told")
  func nothing() {
    let page = RGBImage(width: 8, height: 8, pixels: [UInt8](repeating: 230, count: 192))
    var drawn = page
    drawn.pixels[90] = 20
    let silence = Waveform(samples: [Float](repeating: 0.005, count: 16_000))
    #expect(Remark.all(on: [.image(page)]) == [.blank(.image)])
    #expect(Remark.all(on: [.image(drawn), .text("here")]).isEmpty)
    #expect(Remark.all(on: [.audio(silence)]) == [.blank(.audio)])
    #expect(Remark.all(on: [.audio(TinyModel.tone)]).isEmpty)
    // A click is no speech.
    #expect(Remark.all(on: [.audio(Waveform(samples: Array(TinyModel.tone.samples.prefix(640))))]) == [.blank(.audio)])
    #expect(
      Remark.all(on: [.video(VideoClip(frames: [page, page], framesPerSecond: 4))]) == [.blank(.video)])
    #expect(Remark.all(on: [.video(VideoClip(frames: [page, drawn], framesPerSecond: 4))]).isEmpty)
    #expect(Remark.all(on: [.thought("hm"), .text(" \n")]) == [.empty])
    #expect(Remark.all(on: []) == [.empty])
  }

  @Test("an answer that is cut says so, and after how many tokens")
  func cut() async throws {
    let model = try await TinyModel.unified.value
    let answer = try await model.respond(
      to: [.text("hi")], options: TinyModel.options(tokens: 12, output: .text, thinking: 0)
    ).answer()
    #expect(answer.finish == .length && answer.remarks == [.cut(tokens: 12)])
    let least = try await model.respond(to: [.text("hi")], options: TinyModel.options(tokens: 1)).answer()
    #expect(least.remarks == [.cut(tokens: 1), .empty])
  }

  private static let empty = PromptForm.Prompt(ids: [], marks: [], usage: Usage())

  @Test("a thought that is cut at its budget says so, of both kinds of model", arguments: [true, false])
  func thoughts(isUnified: Bool) async throws {
    guard isUnified else {
      // A text-only model opens its thought itself: this one has no marks for one.
      var rules = Constraint.TextRules(
        vocabularyCount: 10, endings: [], thoughts: .init(open: 8, close: 9),
        thinking: GenerationOptions.defaultThinking)
      rules.isThinking = true
      rules.thoughtLength = GenerationOptions.defaultThinking
      let model = try await TinyModel.textOnly.value
      let generation = Generation(
        Generation.Order(
          prompt: [1], marks: [.read], limit: 5, scope: nil, options: GenerationOptions(), sampling: .greedy,
          timings: Timings(), requested: .now),
        constraint: .text(rules),
        delivery: Delivery(
          try model.form.makeAssembler(Request([StreamPart]()), after: Self.empty), on: model.preparation
        ) { _ in }, interruption: Interruption())
      let logits: [Float] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 2]
      try generation.advance(logits.span)
      #expect(generation.ids == [9] && generation.thoughtWasCut)
      return
    }
    let model = try await TinyModel.unified.value
    let answer = try await model.respond(
      to: [.text("hi")], options: TinyModel.options(tokens: 80, output: .image, thinking: 3)
    ).answer()
    #expect(answer.finish == .end && answer.remarks.contains(.thoughtCut(tokens: 3)))
  }

  @Test("a text-only model does not end within a thought where its answer has a shape")
  func thoughtBeforeShape() async throws {
    // The last two ids open and close a thought, the one before them ends an answer.
    let trie = TokenTrie("0123456".utf8.map { [$0] } + [[], [], []])
    let model = try await TinyModel.textOnly.value
    let generation = Generation(
      Generation.Order(
        prompt: [1], marks: [.read], limit: 5, scope: nil, options: GenerationOptions(), sampling: .greedy,
        shape: try TokenConstraint(schema: JSONValue(parsing: #"{"type":"integer"}"#, name: "a schema"), trie: trie),
        timings: Timings(),
        requested: .now),
      constraint: .text(
        Constraint.TextRules(
          vocabularyCount: 10, endings: [7], thoughts: .init(open: 8, close: 9),
          thinking: GenerationOptions.defaultThinking)),
      delivery: Delivery(
        try model.form.makeAssembler(Request([StreamPart]()), after: Self.empty), on: model.preparation
      ) { _ in }, interruption: Interruption())
    let (opens, ends): ([Float], [Float]) = ([0, 0, 0, 0, 0, 0, 0, 0, 9, 0], [0, 0, 0, 1, 0, 0, 0, 9, 0, 8])
    for logits in [opens, ends, ends] { try generation.advance(logits.span) }
    #expect(generation.ids == [8, 9, 3] && !generation.isOver)
  }

  @Test("a thought has a budget where nothing else is said")
  func budget() async throws {
    let model = try await TinyModel.unified.value
    guard case .grammar(let grammar) = try model.form.constraint(GenerationOptions(), after: Self.empty) else {
      Issue.record("a unified model follows a grammar")
      return
    }
    #expect(grammar.policy.thoughtLimit == 256 && grammar.policy.thinking == nil)
    let textOnly = try await TinyModel.textOnly.value
    guard case .text(let rules) = try textOnly.form.constraint(GenerationOptions(), after: Self.empty) else {
      Issue.record("a text-only model follows rules of text")
      return
    }
    #expect(rules.thinking == 256)
  }
}

@Suite("A context that is full")
struct ContextTests {
  private func text(_ count: Int) -> [StreamPart] { [.text(String(repeating: "ab ", count: count))] }

  @Test("what the answer has no room for is said before it begins, and at its end")
  func littleRoom() async throws {
    let model = try await TinyModel.unified.value
    let pieces = try await model.respond(
      to: text(80), options: TinyModel.options(tokens: 100, output: .text, thinking: 0)
    ).collected()
    guard case .remark(.littleRoom(let tokens, 100)) = pieces.first else {
      Issue.record("the first piece is \(String(describing: pieces.first))")
      return
    }
    #expect(tokens < 100)
    guard case .finished(let answer) = pieces.last else { return }
    #expect(answer.remarks == [.littleRoom(tokens: tokens, of: 100), .contextFull(tokens: tokens)])
  }

  @Test("a conversation loses its oldest turns, says how many, and goes on", arguments: [true, false])
  func leavesOut(isUnified: Bool) async throws {
    let model = try await (isUnified ? TinyModel.unified : TinyModel.textOnly).value
    let session = model.makeSession()
    let options = TinyModel.options(tokens: 20, output: .text, thinking: 0)
    var leftOut: [Int] = []
    for _ in 0..<6 {
      let answer = try await session.respond(to: text(20), options: options).answer()
      #expect(answer.usage.text <= 256 - 20)
      for case .leftOut(let turns, _) in answer.remarks { leftOut.append(turns) }
    }
    #expect(leftOut.count >= 2 && leftOut.allSatisfy { $0 >= 2 })
    // One who keeps the conversation is told the same.
    let turns = (0..<9).map { StreamTurn($0 % 2 == 0 ? .user : .assistant, text(15)) }
    let whole = try await model.makeSession().respond(toConversation: Request(turns, options: options)).answer()
    guard case .leftOut(let count, let tokens) = whole.remarks.first else {
      Issue.record("the remarks are \(whole.remarks)")
      return
    }
    #expect(count >= 2 && count % 2 == 0 && tokens > 256)
  }

  @Test("a prompt that does not fit even alone names what takes the room")
  func tooLong() async throws {
    let model = try await TinyModel.unified.value
    let picture = RGBImage(width: 128, height: 128, pixels: [UInt8](repeating: 9, count: 128 * 128 * 3))
    let error = await #expect(throws: (any Error).self) {
      try await model.respond(to: [.image(picture), .text("what?")]).answer()
    }
    #expect("\(String(describing: error))".contains("of pictures"), "\(String(describing: error))")
  }
}
