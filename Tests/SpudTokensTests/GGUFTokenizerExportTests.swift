import Foundation
import SpudErrors
import SpudTensors
import SpudTokens
import Testing

@Suite("Tokenizers, written to GGUF")
struct GGUFTokenizerExportTests {
  /// Describes a tokenizer.json, for a model of 64 ids, in a file that `body` is given.
  private func describe(_ json: String, _ body: (GGUFFile) throws -> Void) throws {
    let directory = NSTemporaryDirectory() + "spud-tokenizer-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try Data(json.utf8).write(to: URL(fileURLWithPath: directory + "/tokenizer.json"))
    var writer = GGUFWriter()
    let tokens = GGUFTokenizerExport.Tokens(count: 64, endings: [5, 2, 5], begin: 1, pad: 0)
    try GGUFTokenizerExport.describe(directory, tokens, in: &writer)
    try writer.write(to: directory + "/out.gguf")
    try body(GGUFFile(path: directory + "/out.gguf"))
  }

  @Test("a tokenizer is written as GGUF's metadata")
  func tokenizer() throws {
    let json = #"""
      {"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[["a","b"]]},
       "added_tokens":[{"id":5,"content":"<end>","special":true}],
       "pre_tokenizer":{"type":"Sequence","pretokenizers":[
         {"type":"Split","pattern":{"Regex":"(?i:'s)|\\p{N}{1,3}"}},{"type":"ByteLevel"}]}}
      """#
    try describe(json) { file in
      let tokens = try file.strings("tokenizer.ggml.tokens")
      #expect(tokens?.count == 64)
      #expect(tokens?[2] == "ab")
      #expect(tokens?[5] == "<end>")
      #expect(try file.strings("tokenizer.ggml.merges") == ["a b"])
      #expect(try file.string("tokenizer.ggml.pre") == "llama-bpe")
      #expect(try file.ints("tokenizer.ggml.token_type")?[2...5] == [1, 5, 5, 3])
      #expect(try file.int("tokenizer.ggml.eos_token_id") == 5)
      #expect(try file.int("tokenizer.ggml.eot_token_id") == 2)
      #expect(try file.int("tokenizer.ggml.eom_token_id") == nil)
      #expect(try file.int("tokenizer.ggml.bos_token_id") == 1)
      #expect(try file.int("tokenizer.ggml.padding_token_id") == 0)
      #expect(try file.bool("tokenizer.ggml.add_bos_token") == false)
    }
  }

  @Test(
    "a tokenizer that GGUF's 'gpt2' does not describe is refused",
    arguments: [
      #"{"model":{"type":"BPE","vocab":{"▁a":0},"merges":[]},"pre_tokenizer":{"type":"Metaspace"}}"#,
      #"{"model":{"type":"BPE","vocab":{"▁a":0},"merges":[],"byte_fallback":true},"pre_tokenizer":null}"#,
      #"{"model":{"type":"Unigram","vocab":[]},"pre_tokenizer":{"type":"ByteLevel"}}"#,
      #"{"model":{"vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"ByteLevel"},"#
        + #""post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}}]}}"#,
    ])
  func otherTokenizers(json: String) throws {
    let error = #expect(throws: SpudError.self) { try describe(json) { _ in } }
    #expect(error?.code == .badData)
    #expect(error?.message.contains("tokenizer.json") == true)
  }
}
