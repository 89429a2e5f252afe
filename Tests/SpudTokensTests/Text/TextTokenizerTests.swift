import Foundation
import SpudTokens
import Testing

@Suite("Text tokenizer")
struct TextTokenizerTests {
  /// Those that keep all of a text, but for its normal form.
  static let names = TextParityTests.names.filter { !["digits", "folded", "parted", "spaced"].contains($0) }

  func tokenizer(_ name: String) throws -> TextTokenizer {
    try TextTokenizer(path: ParityCorpus.folder.appending(path: "\(name).json").path)
  }

  @Test("text comes back as it was, but for its normal form", arguments: names)
  func roundTrip(name: String) throws {
    let tokenizer = try tokenizer(name)
    for text in try TextParityTests.strings.get() {
      // Tokens that strip white space, and a prefix that the decoder cannot tell from the text, lose something.
      if text.contains("<|") || name == "prefixed" { continue }
      let decoded = String(decoding: tokenizer.decode(tokenizer.encode(text)), as: UTF8.self)
      // Swift's equality is canonical equivalence, which is all that NFC keeps.
      guard decoded == text else {
        Issue.record("\(name): \(text.debugDescription) came back as \(decoded.debugDescription)")
        return
      }
    }
  }

  @Test("bytes that are not UTF-8 come back as they were", arguments: names)
  func invalidBytes(name: String) throws {
    let tokenizer = try tokenizer(name)
    let samples: [[UInt8]] = [
      [0xFF], [0x80], [0xC3], [0xC3, 0x28], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC0, 0x80],
      [0x61, 0xFF, 0x62, 0xFE, 0x20, 0xF0, 0x9F, 0x91], [0xCC, 0x81, 0xFF, 0xCC, 0x81], [0x65, 0xFF, 0xCC, 0x81],
      Array(UInt8.min...UInt8.max),
    ]
    for bytes in samples {
      let decoded = tokenizer.decode(tokenizer.encode(utf8: bytes))
      let expected = name == "prefixed" && bytes.first != 0x20 ? [0x20] + bytes : bytes
      #expect(decoded == expected)
    }
  }

  @Test("what a person types never becomes a special token", arguments: names)
  func typedControl(name: String) throws {
    let tokenizer = try tokenizer(name)
    let special = tokenizer.addedTokens.filter(\.isSpecial)
    try #require(special.count >= 5)
    let texts = special.map(\.content) + special.map { " \($0.content) " } + [special.map(\.content).joined()]
    for text in try texts + TextParityTests.strings.get().prefix(2000) {
      #expect(!tokenizer.encode(text).contains(where: tokenizer.isSpecial), "\(text.debugDescription)")
    }
    for token in special {
      #expect(tokenizer.encode(token.content, allowSpecial: true).contains(token.id))
    }
  }

  @Test("a template's tokens are known, and never added")
  func template() throws {
    let tokenizer = try tokenizer("llama3")
    #expect(tokenizer.beginID == tokenizer.id(of: "<|im_start|>"))
    #expect(tokenizer.endID == tokenizer.id(of: "<|im_end|>"))
    #expect(tokenizer.encode("").isEmpty)
    #expect(try self.tokenizer("gpt2").beginID == nil)
  }

  @Test("ids that stand for nothing decode to nothing")
  func unknownIDs() throws {
    let tokenizer = try tokenizer("gpt2")
    #expect(tokenizer.decode([-1, .min, .max, Int32(tokenizer.vocabularyCount)]) == [])
    #expect(tokenizer.piece(of: -1).isEmpty)
    #expect(tokenizer.id(of: "no such token") == nil)
  }

  @Test("a stream of ids never splits a character, and loses nothing", arguments: names)
  func streaming(name: String) throws {
    let tokenizer = try tokenizer(name)
    let texts = try TextParityTests.strings.get().prefix(1500).map { Array($0.utf8) }
    let broken: [[UInt8]] = [
      [0xF0, 0x9F, 0x91], [0x61, 0xE2, 0x82], [0xE2, 0x82, 0x41], [0xF0, 0x80, 0x80], [0xC3, 0xC3, 0xA9],
    ]
    for text in texts + broken {
      // Byte by byte wherever the vocabulary has tokens for single bytes.
      let ids = text.count < 40 ? text.flatMap { tokenizer.encode(utf8: [$0]) } : tokenizer.encode(utf8: text)
      var decoder = StreamingDecoder(tokenizer)
      var pieces = ids.map { decoder.push($0) }
      pieces.append(decoder.finish())
      let whole = tokenizer.decodeText(ids)
      #expect(Array(pieces.joined().utf8) == Array(whole.utf8))
      if !whole.contains("\u{FFFD}") { #expect(!pieces.joined().contains("\u{FFFD}")) }
    }
  }

  @Test("an emoji arrives whole")
  func emoji() throws {
    let tokenizer = try tokenizer("gpt2")
    let ids = Array("👩".utf8).flatMap { tokenizer.encode(utf8: [$0]) }
    var decoder = StreamingDecoder(tokenizer)
    #expect(ids.map { decoder.push($0) } == ["", "", "", "👩"])
    #expect(decoder.finish().isEmpty)
    _ = decoder.push(ids[0])
    #expect(decoder.finish() == "\u{FFFD}")
  }

  @Test("reserved ids are never made from text")
  func reserved() throws {
    var tokenizer = try tokenizer("qwen2")
    let think = try #require(tokenizer.id(of: "<think>"))
    #expect(tokenizer.encode("<think>") == [think])
    try tokenizer.reserve(think..<think + 2)
    #expect(!tokenizer.encode("<think> </think>").contains { (think..<think + 2).contains($0) })
    #expect(tokenizer.encode("<think>", allowSpecial: true) == [think])
    #expect(throws: (any Error).self) { try tokenizer.reserve(0..<10) }
  }

  @Test(
    "GGUF metadata makes the same tokenizer as the file that it was converted from",
    arguments: ["gpt2", "qwen2", "llama3", "cased"])
  func gguf(name: String) throws {
    let data = try Data(contentsOf: ParityCorpus.folder.appending(path: "\(name).json"))
    let root = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    let model = try #require(root["model"] as? [String: Any])
    let vocabulary = try #require(model["vocab"] as? [String: Int])
    // Flags that GGUF cannot express are left out of this comparison, with the tokens that have them.
    let added = try #require(root["added_tokens"] as? [[String: Any]])
    var tokens = [String](repeating: "", count: vocabulary.count + added.count)
    var types = [Int32](repeating: 1, count: tokens.count)
    for (token, id) in vocabulary { tokens[id] = token }
    for token in added {
      let id = try #require(token["id"] as? Int)
      tokens[id] = try #require(token["content"] as? String)
      types[id] = token["special"] as? Bool == true ? 3 : 4
    }
    let merges = try #require(model["merges"] as? [Any])
    let metadata = GGUFTokenizerMetadata(
      tokens: tokens, merges: merges.map { ($0 as? [String])?.joined(separator: " ") ?? "\($0)" }, tokenTypes: types,
      preTokenizer: ["gpt2": "gpt-2", "llama3": "llama-bpe", "cased": "gpt-4o"][name] ?? name)
    let converted = try TextTokenizer(gguf: metadata, name: "test.gguf")
    let original = try tokenizer(name)
    for text in try TextParityTests.strings.get().prefix(3000) {
      let flagged = ["<|l", "<|r", "<|b", "wörd", "nïc", "  "]
      if flagged.contains(where: { text.range(of: $0, options: .literal) != nil }) {
        continue
      }
      #expect(converted.encode(text) == original.encode(text), "\(text.debugDescription)")
    }
    #expect(converted.vocabularyCount == original.vocabularyCount)

    var bad = metadata
    bad.preTokenizer = "mpt"
    #expect(throws: (any Error).self) { try TextTokenizer(gguf: bad, name: "test.gguf") }
    bad = metadata
    bad.tokenTypes.removeLast()
    #expect(throws: (any Error).self) { try TextTokenizer(gguf: bad, name: "test.gguf") }
    bad = metadata
    bad.merges[0] = "no such"
    #expect(throws: (any Error).self) { try TextTokenizer(gguf: bad, name: "test.gguf") }
  }
}
