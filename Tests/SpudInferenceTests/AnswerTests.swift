import SpudErrors
import SpudMedia
import SpudTokens
import Testing

@testable import SpudInference

@Suite("Answers")
struct AnswerTests {
  @Test("every answer of a unified model follows the grammar, whatever the seed", arguments: 0..<8 as Range<UInt64>)
  func grammar(seed: UInt64) async throws {
    let model = try await TinyModel.unified.value
    let tokenizer = try #require(model.streamTokenizer)
    let answer = try await model.respond(
      to: [.image(TinyModel.picture), .text("what?")], options: TinyModel.options(seed: seed)
    ).answer()
    #expect(answer.tokens.count <= 60)
    #expect(answer.tokens.last == tokenizer.vocabulary.id(of: .end))
    // The tokenizer's own reader is the judge: it throws where the grammar is broken.
    #expect(try tokenizer.decodeParts(answer.tokens) == answer.parts)
  }

  @Test("the pieces put together are the answer, and words come in whole characters")
  func pieces() async throws {
    let model = try await TinyModel.unified.value
    let tokenizer = try #require(model.streamTokenizer)
    for seed in 0..<6 as Range<UInt64> {
      var text = ""
      var answer: Answer?
      for piece in try await model.respond(
        to: [.text("hello")], options: TinyModel.options(seed: seed, tokens: 120, output: .text, thinking: 0)
      ).collected() {
        #expect(answer == nil, "nothing follows the last piece")
        switch piece {
        case .text(let words):
          #expect(!words.isEmpty)
          text += words
        case .finished(let whole): answer = whole
        default: Issue.record("\(piece) in an answer of text")
        }
      }
      let whole = try #require(answer)
      #expect(text == whole.text)
      // Split characters would decode apart to other text than all bytes together.
      let ids = whole.tokens.filter { tokenizer.vocabulary.text.contains($0) }
      #expect(text == String(decoding: tokenizer.text.decode(ids), as: UTF8.self))
    }
  }

  @Test("the same seed gives the same tokens, another seed others; temperature 0 needs no seed")
  func seeds() async throws {
    let model = try await TinyModel.unified.value
    func tokens(_ options: GenerationOptions) async throws -> [Int32] {
      try await model.respond(to: [.text("hello")], options: options).answer().tokens
    }
    #expect(try await tokens(TinyModel.options(seed: 3)) == tokens(TinyModel.options(seed: 3)))
    #expect(try await tokens(TinyModel.options(seed: 3)) != tokens(TinyModel.options(seed: 4)))
    let greedy = GenerationOptions(sampling: Sampling(seed: 1), maximumTokens: 40)
    let other = GenerationOptions(sampling: Sampling(seed: 2), maximumTokens: 40)
    #expect(try await tokens(greedy) == tokens(other))
  }

  @Test("an answer that must be a picture is one picture, whole, and so is a sound", arguments: [48, 100, 200])
  func forcedOutput(tokens: Int) async throws {
    let model = try await TinyModel.unified.value
    for seed in 0..<3 as Range<UInt64> {
      let drawn = try await model.respond(
        to: [.text("draw")], options: TinyModel.options(seed: seed, tokens: tokens, output: .image, thinking: 0)
      ).answer()
      guard case .image(let image) = drawn.parts.first, drawn.parts.count == 1 else {
        Issue.record("not one picture: \(drawn.parts.map(\.kind))")
        return
      }
      #expect(image.width % 8 == 0 && image.height % 8 == 0)
      let spoken = try await model.respond(
        to: [.text("speak")], options: TinyModel.options(seed: seed, tokens: tokens, output: .audio, thinking: 0)
      ).answer()
      #expect(spoken.parts.map(\.kind) == [.audio])
    }
  }

  @Test("thinking is forbidden by 0, and otherwise comes first and within its budget")
  func thinking() async throws {
    let model = try await TinyModel.unified.value
    let vocabulary = try #require(model.streamTokenizer).vocabulary
    for seed in 0..<4 as Range<UInt64> {
      let silent = try await model.respond(
        to: [.text("why?")], options: TinyModel.options(seed: seed, output: .text, thinking: 0)
      ).answer()
      #expect(silent.thought.isEmpty && !silent.tokens.contains(vocabulary.id(of: .think)))
      let thoughtful = try await model.respond(
        to: [.text("why?")], options: TinyModel.options(seed: seed, output: .text, thinking: 12)
      ).answer()
      #expect(thoughtful.tokens.first == vocabulary.id(of: .think))
      let close = try #require(thoughtful.tokens.firstIndex(of: vocabulary.id(of: .thinkEnd)))
      #expect(close <= 13)
    }
  }

  @Test("usage counts the prompt by modality and the answer's tokens")
  func usage() async throws {
    let model = try await TinyModel.unified.value
    let answer = try await model.respond(
      to: [.image(TinyModel.picture), .audio(TinyModel.tone), .text("ab")], options: TinyModel.options(tokens: 5)
    ).answer()
    // 16×24 pixels are 2×3 patches; 5000 samples are 7.8 frames of 640, each of two levels.
    #expect(answer.usage.image == 6)
    #expect(answer.usage.audio == 16)
    // <bos> <user> <image> 3 2 </image> <audio> </audio> a b <end> <assistant>
    #expect(answer.usage.text == 12)
    #expect(answer.usage.output == answer.tokens.count)
    #expect(answer.usage.cached == 0)
  }

  @Test("timings add up")
  func timings() async throws {
    let model = try await TinyModel.unified.value
    let answer = try await model.respond(to: [.text("hello")], options: TinyModel.options(tokens: 20, output: .image))
      .answer()
    #expect(answer.timings.load == model.loadTime)
    #expect(answer.timings.firstToken >= answer.timings.prefill + answer.timings.tokenize)
    #expect(answer.timings.decodedTokens == answer.tokens.count - 1)
    #expect(answer.timings.decodeTokensPerSecond > 0)
  }

  @Test("an answer cut off by the limit says so")
  func length() async throws {
    let model = try await TinyModel.unified.value
    let answer = try await model.respond(
      to: [.text("hello")], options: TinyModel.options(tokens: 3, output: .text, thinking: 0)
    ).answer()
    #expect(answer.finish == (answer.tokens.count < 3 ? .end : .length))
  }
}

@Suite("What cannot be answered")
struct RefusalTests {
  private func error(
    _ parts: [StreamPart], _ options: GenerationOptions = GenerationOptions(), textOnly: Bool = false
  ) async throws -> SpudError {
    let model = try await (textOnly ? TinyModel.textOnly : TinyModel.unified).value
    return try await #require(throws: SpudError.self) { try await model.respond(to: parts, options: options).answer() }
  }

  @Test("an empty prompt")
  func empty() async throws {
    #expect(try await error([]).code == .usage)
    #expect(try await error([.text("")]).code == .usage)
  }

  @Test("a prompt longer than the context, with both lengths")
  func tooLong() async throws {
    let error = try await error([.text(String(repeating: "xyz ", count: 100))])
    #expect(error.code == .badData)
    #expect(error.message == "the prompt holds 404 tokens, but tiny-unified reads at most 255 before it answers")
  }

  @Test("media, or an answer of media, with a text-only model")
  func textOnly() async throws {
    #expect(try await error([.image(TinyModel.picture)], textOnly: true).code == .usage)
    #expect(try await error([.text("hi")], TinyModel.options(output: .audio), textOnly: true).code == .usage)
  }

  @Test("a picture or a sound for which no room is left")
  func noRoom() async throws {
    #expect(try await error([.text("hi")], TinyModel.options(tokens: 4, output: .image)).code == .usage)
    #expect(try await error([.text("hi")], TinyModel.options(tokens: 3, output: .audio)).code == .usage)
  }

  @Test("options out of range")
  func options() async throws {
    for sampling in [
      Sampling(temperature: -1), Sampling(temperature: .nan), Sampling(topK: -1), Sampling(topP: 0), Sampling(minP: 2),
    ] {
      #expect(try await error([.text("hi")], GenerationOptions(sampling: sampling)).code == .usage)
    }
    #expect(try await error([.text("hi")], GenerationOptions(maximumTokens: 0)).code == .usage)
    #expect(try await error([.text("hi")], GenerationOptions(thinking: -1)).code == .usage)
  }

  @Test("a path that holds no model")
  func noModel() async throws {
    let missing = await #expect(throws: SpudError.self) { try await Model.load("/nowhere/at/all") }
    #expect(missing?.code == .noInput)
    let empty = await #expect(throws: SpudError.self) { try await Model.load("/usr") }
    #expect(empty?.code == .noInput)
    let file = await #expect(throws: SpudError.self) { try await Model.load(#filePath) }
    #expect(file?.code == .badData)
  }
}
