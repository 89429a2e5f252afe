import SpudErrors
import SpudTensors
import Testing

@testable import SpudTokens

@Suite("SentencePiece's vocabularies, written to GGUF")
struct SentencePieceVocabularyTests {
  static let special = ["<unk>", "<s>"]
  static let bytes = (0..<256).map { byte in
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x\(digits.count < 2 ? "0" : "")\(digits)>"
  }
  /// "bb" is made by no merge, as the first token of Llama 2's vocabulary that is not a byte.
  static let text = ["bb", "ab", "▁ab", "abc", "▁abc", "é", "a", "b", "c", "▁"]
  static let merges = ["a b", "▁ ab", "ab c", "▁ abc", "▁ab c"]

  private func vocabulary(
    _ merges: [String] = merges, bytes: [String] = bytes, normalizer: String = #"{"type":"Prepend","prepend":"▁"}"#
  ) throws -> SentencePieceVocabulary {
    let json = try JSONValue(
      parsing: #"{"model":{"unk_token":"<unk>"},"normalizer":{"type":"Sequence","normalizers":[\#(normalizer)]}}"#,
      name: "test")
    let tokens = Self.special + bytes + Self.text + ["[PAD]"]
    var kinds = [GGUFTokenizerExport.Kind](repeating: .normal, count: tokens.count)
    (kinds[0], kinds[1], kinds[tokens.count - 1]) = (.control, .control, .unused)
    return try SentencePieceVocabulary(json, tokens: tokens, kinds: kinds, merges: merges, path: "tokenizer.json")
  }

  @Test("tokens have their kinds, and scores that fall with the id")
  func kinds() throws {
    let made = try vocabulary()
    #expect(made.kinds[0] == .unknown && made.kinds[1] == .control && made.kinds.last == .unused)
    #expect(made.kinds[2..<258].allSatisfy { $0 == .byte } && made.kinds[258..<268].allSatisfy { $0 == .normal })
    #expect(zip(made.scores, made.scores.dropFirst()).allSatisfy { $0 > $1 })
    #expect(made.addsSpacePrefix)
    #expect(try !vocabulary(normalizer: #"{"type":"Replace","pattern":{"String":" "},"content":"▁"}"#).addsSpacePrefix)
  }

  @Test("merges that scores cannot stand for are refused in words")
  func refused() throws {
    func message(_ merges: [String], bytes: [String] = Self.bytes) -> String? {
      #expect(throws: SpudError.self) { try vocabulary(merges, bytes: bytes) }?.message
    }
    #expect(message(["▁ ab", "a b"])?.contains("the merge 'a b' is not in the order of the ids") == true)
    #expect(message(Self.merges.dropLast())?.contains("5 pairs of tokens spell what its 4 merges make") == true)
    #expect(message(["a x"])?.contains("the merge 'a x' is not of two tokens of text that make a third") == true)
    #expect(message(["abc"])?.contains("the merge 'abc' is not of two") == true)
    #expect(message(Self.merges, bytes: Array(Self.bytes.dropFirst()))?.contains("no token for every byte") == true)
  }
}
