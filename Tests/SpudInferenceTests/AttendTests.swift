import Foundation
import SpudErrors
import SpudKernels
import SpudTokens
import Testing

@testable import SpudInference

@Suite("Answers that attend to a part of the context")
struct AttendTests {
  static let nano = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Models/spud-nano").path

  /// A question behind so many words, which is answered with a picture: more than 60 ids.
  static func request(_ word: String, count: Int = 420) -> Request {
    let text = String(repeating: word + " ", count: count) + "draw a red circle"
    return Request(
      [.text(text)],
      options: GenerationOptions(
        sampling: Sampling(temperature: 1, seed: 3), maximumTokens: 80, output: .image, thinking: 0))
  }

  private func load(attend: Int?, pages: Int? = nil, format: CacheFormat = .bf16) async throws -> Model {
    var options = LoadOptions(threads: 2, cache: format)
    options.attend = attend
    let page = CacheShape(layerCount: 4, headCount: 2, headWidth: 64, format: format).pageBytes
    options.cacheSize = pages.map { $0 * page }
    return try await Model.load(Self.nano, options: options)
  }

  @Test("with a budget that the context does not pass, an answer is the exact one", arguments: CacheFormat.allCases)
  func exact(format: CacheFormat) async throws {
    let expected = try await load(attend: nil, format: format).submit(Self.request("star")).answer()
    let found = try await load(attend: 600, format: format).submit(Self.request("star")).answer()
    #expect(expected.usage.input > 256 && expected.usage.input + expected.tokens.count < 600)
    #expect(found.tokens == expected.tokens)
  }

  @Test("answers are the same alone and where they have to give their pages up, and leave only what is exact")
  func schedule() async throws {
    let words = ["star", "circle", "blue"]
    var alone: [[Int32]] = []
    for word in words {
      alone.append(try await load(attend: 256).submit(Self.request(word)).answer().tokens)
    }
    // Two prompts have room, and one of their answers.
    let model = try await load(attend: 256, pages: 31)
    let found = try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
      for (index, word) in words.enumerated() {
        group.addTask { (index, try await model.submit(Self.request(word)).answer()) }
      }
      return try await group.reduce(into: [Int: Answer]()) { $0[$1.0] = $1.1 }
    }
    for index in words.indices {
      #expect(found[index]?.tokens == alone[index], "\(words[index])")
    }
    // The whole conversation again: its prompt is found, what was written behind it is read.
    let request = Self.request("star", count: 440)
    let single = try await load(attend: 256)
    let answer = try await single.submit(request).answer()
    let next = try await single.submit(
      Request(
        request.turns + [StreamTurn(.assistant, answer.parts), StreamTurn(.user, [.text("and now?")])],
        options: GenerationOptions(sampling: .greedy, maximumTokens: 4, output: .text, thinking: 0))
    ).answer()
    #expect(answer.tokens.count > 64 && next.usage.cached == answer.usage.input / 32 * 32)
  }

  @Test("fewer positions than the least are refused")
  func least() async throws {
    let error = await #expect(throws: SpudError.self) { try await load(attend: 100) }
    #expect(error?.code == .usage && error?.message.contains("256") == true)
  }
}
