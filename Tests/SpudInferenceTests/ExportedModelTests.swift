import Foundation
import SpudErrors
import SpudKernels
import SpudModels
import SpudTokens
import Testing

@testable import SpudInference

@Suite("A model that went through GGUF is prompted as before")
struct ExportedModelTests {
  private static let jinja =
    "{{ bos_token }}{% for m in messages %}{{ '<|im_start|>' + m.role + ' ' + m.content + '<|im_end|>' }}{% endfor %}"

  @Test(
    "its chat form, the token before a text and those that end an answer stay",
    arguments: [
      ("chat_template.jinja", jinja), ("tokenizer_config.json", #"{"chat_template":"\#(jinja)"}"#),
      ("tokenizer_config.json", #"{"chat_template":[{"name":"default","template":"\#(jinja)"}]}"#),
    ])
  func roundTrip(templateFile: String, text: String) async throws {
    try await TinyModel.withChat(templateFile: templateFile, text) { directory in
      let path = directory + "/model.gguf"
      try GGUFExport.write(from: directory, to: path, mix: .f32)
      let forms = try await [directory, path].asyncMap { path in
        let model = try await Model.load(path, options: LoadOptions(threads: 1))
        guard case .text(let form) = model.form else { throw CancellationError() }
        return form
      }
      for form in forms {
        guard case .program(_, Self.jinja) = form.template else {
          Issue.record("the checkpoint's own template is its form")
          continue
        }
        #expect(form.endings == [260, 262, 264])
        #expect(form.thoughts?.open == 272)
      }
      let turns = [StreamTurn(.user, [.text("Hi, the first 12")])]
      let prompts = try forms.map { $0.ids(of: try $0.text(of: Request(turns))) }
      #expect(prompts[0] == prompts[1])
      #expect(prompts[0].starts(with: [261, 263]))
      for path in [directory, path] {
        let checkpoint = try #require(try TextCheckpoint(path: path))
        let tokens = try checkpoint.tokens(of: turns[0])
        #expect(tokens.map(\.id) == prompts[0])
        #expect(tokens[0] == TextCheckpoint.Token(id: 261, piece: "<bos>", isSpecial: true))
        #expect(try checkpoint.text(of: prompts[0]).contains("Hi, the first 12"))
        #expect(throws: SpudError.self) { try checkpoint.text(of: [1, 1 << 20]) }
        #expect(throws: SpudError.self) { try checkpoint.tokens(of: StreamTurn(.user, [.image(TinyModel.picture)])) }
      }
      #expect(try TextCheckpoint(path: TinyModel.directory) == nil)
    }
  }
}

@Suite("What a model takes in memory")
struct CacheCostTests {
  /// Heads of 16: the kernels lay 32 columns out for values in every format, and for keys where columns come in blocks.
  @Test(
    "a token's keys and values, scales included, are what the cache says",
    arguments: [(CacheFormat.f32, 64 + 128), (.bf16, 32 + 64), (.q8, 34 + 36)])
  func bytesPerToken(cache: CacheFormat, expected: Int) async throws {
    let model = try await Model.load(TinyModel.directory, options: LoadOptions(threads: 1, cache: cache))
    #expect(model.cacheBytesPerToken == 2 * expected)
  }
}

extension Array {
  func asyncMap<Result>(_ transform: (Element) async throws -> Result) async throws -> [Result] {
    var results: [Result] = []
    for element in self { results.append(try await transform(element)) }
    return results
  }
}
