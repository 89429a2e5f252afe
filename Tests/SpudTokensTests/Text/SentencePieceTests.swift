import Foundation
import SpudErrors
import SpudTokens
import Testing

@Suite("Vocabularies of SentencePiece, as GGUF files hold them")
struct SentencePieceTests {
  struct Fixture: Decodable {
    let tokens: [String]
    let scores: [Float]
    let types: [Int32]
    let literals: [[Int32]]
    let hashes: [UInt32]
    let decoded: [String]

    static func load() throws -> Fixture {
      let url = ParityCorpus.folder.appending(path: "sentencepiece.json")
      return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    }

    var metadata: GGUFTokenizerMetadata {
      GGUFTokenizerMetadata(tokens: tokens, scores: scores, tokenTypes: types, beginID: 1, endID: 2)
    }
  }

  @Test("text ids and texts are those of the sentencepiece package")
  func parity() throws {
    let fixture = try Fixture.load()
    let corpus = try ParityCorpus.load()
    let tokenizer = try TextTokenizer(sentencePiece: fixture.metadata, name: "test.gguf")
    #expect(tokenizer.vocabularyCount == fixture.tokens.count && tokenizer.beginID == 1 && tokenizer.endID == 2)
    for (index, text) in corpus.literals.enumerated() {
      let ids = tokenizer.encode(text)
      #expect(ids == fixture.literals[index], "\(text.debugDescription)")
      #expect(tokenizer.decodeText(ids).utf8.elementsEqual(fixture.decoded[index].utf8), "\(text.debugDescription)")
    }
    let different = zip(corpus.strings(), fixture.hashes).filter { text, hash in
      ParityCorpus.digest(tokenizer.encode(text)) != hash
    }
    #expect(fixture.hashes.count == 3000)
    #expect(different.isEmpty, "first of \(different.count): \(different.first?.0.debugDescription ?? "")")
  }

  @Test("control tokens are made of text only where that is allowed; the space before a text can be left out")
  func control() throws {
    var metadata = try Fixture.load().metadata
    var tokenizer = try TextTokenizer(sentencePiece: metadata, name: "test.gguf")
    #expect(tokenizer.encode("<s>a", allowSpecial: true).first == 1)
    #expect(!tokenizer.encode("<s>a").contains(1))
    let spaced = tokenizer.encode("a")
    metadata.addsSpacePrefix = false
    tokenizer = try TextTokenizer(sentencePiece: metadata, name: "test.gguf")
    #expect(tokenizer.encode("a") != spaced && tokenizer.encode(" a") == spaced)
    #expect(tokenizer.decodeText(spaced) == " a")
  }

  @Test("equal scores merge from the left, and a vocabulary without bytes has an unknown token")
  func ties() throws {
    let tokens = ["<unk>", "a", "b", "ab", "ba", "aba"]
    var metadata = GGUFTokenizerMetadata(
      tokens: tokens, scores: [0, -9, -9, -1, -1, -2], tokenTypes: [2, 1, 1, 1, 1, 1], addsSpacePrefix: false)
    var tokenizer = try TextTokenizer(sentencePiece: metadata, name: "test.gguf")
    #expect(tokenizer.encode("bab") == [4, 2])
    #expect(tokenizer.encode("abab") == [3, 3])
    #expect(tokenizer.encode("aba") == [5])
    #expect(tokenizer.encode("axyb") == [1, 0, 2])
    metadata.scores[3] = -3
    tokenizer = try TextTokenizer(sentencePiece: metadata, name: "test.gguf")
    #expect(tokenizer.encode("abab") == [5, 2])
  }

  @Test("scores that are missing or no numbers, and tokens of text that are too long, are refused in words")
  func refused() throws {
    let good = GGUFTokenizerMetadata(tokens: ["a", "b"], scores: [0, -1], addsSpacePrefix: false)
    func message(_ change: (inout GGUFTokenizerMetadata) -> Void) -> String? {
      var bad = good
      change(&bad)
      return #expect(throws: SpudError.self) { try TextTokenizer(sentencePiece: bad, name: "test.gguf") }?.message
    }
    #expect(message { $0.scores.removeLast() }?.contains("scores has 1 entries, expected 2") == true)
    #expect(message { $0.scores[1] = .nan }?.contains("the score of token \"b\" is not a number") == true)
    #expect(
      message { $0.tokens[1] = String(repeating: "b", count: 257) }?.contains("257 bytes, expected at most 256") == true
    )
    #expect(message { $0.tokenTypes = [1] }?.contains("token_type has 1 entries") == true)
    #expect(message { $0.tokenTypes = [1, 6] }?.contains("byte_fallback needs the token <0x00>") == true)
  }
}
