import Foundation
import SpudErrors
import SpudTokens
import Testing

@Suite("A hostile tokenizer.json is one clear error")
struct HostileTokenizerTests {
  /// A whole file in little: the bytes, two merges, one special token.
  static var base: [String: Any] {
    var vocabulary: [String: Any] = [:]
    var next = 0x100
    for byte in 0..<256 {
      let isPrintable = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
      vocabulary[String(Unicode.Scalar(UInt16(isPrintable ? byte : next)).map(Character.init) ?? "?")] = byte
      if !isPrintable { next += 1 }
    }
    vocabulary["ab"] = 256
    vocabulary["abc"] = 257
    return [
      "version": "1.0",
      "added_tokens": [["id": 258, "content": "<end>", "special": true, "normalized": false]],
      "normalizer": ["type": "NFC"],
      "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true],
      "decoder": ["type": "ByteLevel"],
      "model": ["type": "BPE", "vocab": vocabulary, "merges": ["a b", ["ab", "c"]]],
    ]
  }

  static func json(_ object: [String: Any]) throws -> [UInt8] {
    try [UInt8](JSONSerialization.data(withJSONObject: object, options: .sortedKeys))
  }

  static func changed(_ change: (inout [String: Any]) -> Void) throws -> [UInt8] {
    var object = base
    change(&object)
    return try json(object)
  }

  static func model(_ change: (inout [String: Any]) -> Void) throws -> [UInt8] {
    try changed { object in
      var model = object["model"] as? [String: Any] ?? [:]
      change(&model)
      object["model"] = model
    }
  }

  static func vocabulary(_ change: (inout [String: Any]) -> Void) throws -> [UInt8] {
    try model { model in
      var vocabulary = model["vocab"] as? [String: Any] ?? [:]
      change(&vocabulary)
      model["vocab"] = vocabulary
    }
  }

  func expectRefusal(_ json: [UInt8], naming words: String..., sourceLocation: SourceLocation = #_sourceLocation) {
    do {
      _ = try TextTokenizer(json: json, name: "bad.json")
      Issue.record("it was read", sourceLocation: sourceLocation)
    } catch let error as SpudError {
      #expect(error.code == .badData, sourceLocation: sourceLocation)
      #expect(error.message.hasPrefix("bad.json"), sourceLocation: sourceLocation)
      #expect(error.message.count < 800, sourceLocation: sourceLocation)
      for word in words {
        #expect(error.message.contains(word), "\(error.message)", sourceLocation: sourceLocation)
      }
    } catch {
      Issue.record("\(error)", sourceLocation: sourceLocation)
    }
  }

  @Test("the whole file is read")
  func base() throws {
    let tokenizer = try TextTokenizer(json: Self.json(Self.base), name: "good.json")
    #expect(tokenizer.encode("abcab<end>") == [257, 256, 60, 101, 110, 100, 62])
    #expect(tokenizer.encode("abc<end>", allowSpecial: true) == [257, 258])
    #expect(tokenizer.vocabularyCount == 259)
  }

  @Test("a token that is listed twice, once as special, is special: a typed one stays text")
  func listedTwice() throws {
    let plain: [String: Any] = ["id": 258, "content": "<end>", "special": false, "normalized": false]
    for special in [true, false] {
      let tokenizer = try TextTokenizer(
        json: Self.changed { object in
          let listed = object["added_tokens"] as? [[String: Any]] ?? []
          object["added_tokens"] = special ? [plain] + listed : [plain]
        }, name: "tokenizer.json")
      #expect(tokenizer.encode("<end>").contains(258) == !special)
      #expect(tokenizer.encode("<end>", allowSpecial: true) == [258])
    }
  }

  @Test("cut at any byte")
  func truncated() throws {
    let json = try Self.json(Self.base)
    for count in 0..<json.count { expectRefusal(Array(json[..<count])) }
  }

  @Test("with any one byte changed it is an error or a tokenizer, never a trap")
  func flipped() throws {
    let json = try Self.json(Self.base)
    for index in stride(from: 0, to: json.count, by: 3) {
      for byte: UInt8 in [0, UInt8(ascii: "\""), UInt8(ascii: "9"), 0xFF] {
        var copy = json
        copy[index] = byte
        let tokenizer = try? TextTokenizer(json: copy, name: "bad.json")
        _ = tokenizer?.decode(tokenizer?.encode("abc <end> é") ?? [])
      }
    }
  }

  @Test("with parts missing or of another type")
  func shapes() throws {
    for key in ["version", "model"] {
      expectRefusal(try Self.changed { $0[key] = nil }, naming: "\"\(key)\"", "is missing")
    }
    for key in ["vocab", "merges"] {
      expectRefusal(try Self.model { $0[key] = nil }, naming: "\"\(key)\"", "is missing")
    }
    for wrong in [1, "text", true, ["a"], ["a": 1]] as [Any] {
      for key in ["version", "model", "added_tokens", "normalizer", "pre_tokenizer", "decoder", "post_processor"] {
        expectRefusal(try Self.changed { $0[key] = wrong })
      }
      for key in ["vocab", "merges", "type", "dropout", "continuing_subword_prefix"] {
        expectRefusal(try Self.model { $0[key] = wrong })
      }
    }
    expectRefusal(Array("[]".utf8), naming: "an array", "expected an object")
    expectRefusal(Array("{}".utf8), naming: "version")
    expectRefusal([])
    expectRefusal(Array(repeating: UInt8(ascii: "["), count: 100_000))
    expectRefusal(Array("{\"version\":\"1.0\",\"version\":\"1.0\"}".utf8))
    expectRefusal(Array("{\"version\":\"\\ud800\"}".utf8))
    expectRefusal([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D])
  }

  @Test("with ids out of range, used twice, or not whole numbers")
  func ids() throws {
    for id in [-1, 1 << 22, 1 << 31, 1 << 32, Int.max, Int.min] {
      expectRefusal(try Self.vocabulary { $0["zz"] = id }, naming: "\"zz\"", "\(id)")
      let added: [Any] = [["id": id, "content": "<x>"]]
      expectRefusal(try Self.changed { $0["added_tokens"] = added }, naming: "<x>", "\(id)")
    }
    for id in [1.5, "3", NSNull(), 1e300] as [Any] {
      expectRefusal(try Self.vocabulary { $0["zz"] = id }, naming: "\"zz\"")
    }
    expectRefusal(try Self.vocabulary { $0["zz"] = 97 }, naming: "97")
    expectRefusal(try Self.changed { $0["added_tokens"] = [["id": 97, "content": "<x>"]] }, naming: "97", "<x>")
    expectRefusal(try Self.changed { $0["added_tokens"] = [["id": 300, "content": "ab"]] }, naming: "256", "300")
    expectRefusal(try Self.changed { $0["added_tokens"] = [["id": 300, "content": ""]] }, naming: "300", "1 to 1024")
    let long = String(repeating: "x", count: 2000)
    expectRefusal(try Self.changed { $0["added_tokens"] = [["id": 300, "content": long]] }, naming: "2000")
    let twice: [Any] = [["id": 300, "content": "<x>"], ["id": 301, "content": "<x>"]]
    expectRefusal(try Self.changed { $0["added_tokens"] = twice }, naming: "<x>")
  }

  @Test("with merges that the vocabulary does not bear out")
  func merges() throws {
    expectRefusal(try Self.model { $0["merges"] = ["a zz"] }, naming: "merge 0", "\"zz\"")
    expectRefusal(try Self.model { $0["merges"] = ["a b", "b c"] }, naming: "merge 1", "\"bc\"")
    for merge in ["ab", "a b c", "", " ", "a "] {
      expectRefusal(try Self.model { $0["merges"] = [merge] }, naming: "merge 0")
    }
    for merge in [["a"], ["a", "b", "c"], [1, 2], 7, NSNull()] as [Any] {
      expectRefusal(try Self.model { $0["merges"] = [merge] }, naming: "merges")
    }
    let special: [Any] = [["id": 256, "content": "ab", "special": true]]
    expectRefusal(try Self.changed { $0["added_tokens"] = special }, naming: "special", "ab")
  }

  @Test("without a token for some byte")
  func missingByte() throws {
    expectRefusal(try Self.vocabulary { $0["!"] = nil }, naming: "byte 33")
    // 0xFF is in no UTF-8: a vocabulary may lack it, and such a byte becomes U+FFFD.
    let tokenizer = try TextTokenizer(json: Self.vocabulary { $0["ÿ"] = nil }, name: "good.json")
    #expect(tokenizer.decode(tokenizer.encode(utf8: [0x61, 0xFF])) == Array("a\u{FFFD}".utf8))
  }

  @Test("with steps that are not supported: the message lists what is")
  func unsupported() throws {
    let split: [String: Any] = [
      "type": "Sequence",
      "pretokenizers": [
        ["type": "Split", "pattern": ["Regex": "(a+)+b"], "behavior": "Isolated", "invert": false],
        ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false],
      ],
    ]
    expectRefusal(try Self.changed { $0["pre_tokenizer"] = split }, naming: "(a+)+b", "GPT-2", "Qwen2", "Llama 3")
    expectRefusal(try Self.changed { $0["pre_tokenizer"] = ["type": "Whitespace"] }, naming: "Whitespace", "ByteLevel")
    expectRefusal(try Self.changed { $0["normalizer"] = ["type": "Nmt"] }, naming: "Nmt", "NFKC", "Lowercase")
    for (parts, names): ([[String: Any]], [String]) in [
      ([["type": "Digits", "individual_digits": true]], ["ByteLevel the last"]),
      ([["type": "ByteLevel", "add_prefix_space": false], ["type": "Digits"]], ["ByteLevel the last"]),
      (
        [["type": "UnicodeScripts"], ["type": "ByteLevel", "add_prefix_space": false]],
        ["UnicodeScripts", "Punctuation"]
      ),
      ([["type": "Punctuation", "behavior": "Removed"], ["type": "ByteLevel"]], ["Removed", "Contiguous"]),
      ([["type": "Digits"], ["type": "ByteLevel", "add_prefix_space": true]], ["add_prefix_space"]),
      ([[String: Any]](repeating: ["type": "Digits"], count: 20) + [["type": "ByteLevel"]], ["at most eight"]),
    ] {
      let file = try Self.changed { $0["pre_tokenizer"] = ["type": "Sequence", "pretokenizers": parts] }
      for name in names { expectRefusal(file, naming: name) }
    }
    expectRefusal(try Self.changed { $0["decoder"] = ["type": "WordPiece"] }, naming: "WordPiece")
    expectRefusal(try Self.changed { $0["version"] = "2.0" }, naming: "2.0", "1.0")
    expectRefusal(try Self.model { $0["type"] = "Unigram" }, naming: "Unigram", "BPE")
    expectRefusal(try Self.model { $0["dropout"] = 0.1 }, naming: "dropout")
    expectRefusal(try Self.model { $0["end_of_word_suffix"] = "</w>" }, naming: "</w>")
  }

  /// A file whose vocabulary is text with a mark for spaces.
  static func metaspace(_ replacement: String, normalizer: Any = NSNull()) throws -> [UInt8] {
    try json([
      "version": "1.0",
      "normalizer": normalizer,
      "pre_tokenizer": ["type": "Metaspace", "replacement": replacement, "split": false],
      "model": ["type": "BPE", "vocab": ["a": 0, "\u{2581}": 1], "merges": []],
    ])
  }

  @Test("with a mark for spaces that is not one character", .timeLimit(.minutes(1)))
  func spaceMark() throws {
    let tokenizer = try TextTokenizer(json: Self.metaspace("\u{2581}"), name: "good.json")
    #expect(tokenizer.encode("a a") == [1, 0, 1, 0])
    #expect(tokenizer.decodeText([0, 1, 0]) == "a a")
    for mark in ["", "ab", String(repeating: "\u{2581}", count: 1000)] {
      expectRefusal(try Self.metaspace(mark), naming: "\"replacement\"", "one character")
    }
  }

  @Test("with steps that multiply the text without bound")
  func growth() throws {
    func sequence(_ step: [String: Any], _ count: Int) -> [String: Any] {
      ["type": "Sequence", "normalizers": Array(repeating: step, count: count)]
    }
    let prepend: [String: Any] = ["type": "Prepend", "prepend": "\u{2581}"]
    let replace: [String: Any] = ["type": "Replace", "pattern": ["String": " "], "content": "    "]
    for step in [prepend, replace, ["type": "NFC"]] {
      _ = try TextTokenizer(json: Self.changed { $0["normalizer"] = sequence(step, 4) }, name: "good.json")
      expectRefusal(try Self.changed { $0["normalizer"] = sequence(step, 5) }, naming: "at most four steps")
      // The mark of a Metaspace is a step too.
      _ = try TextTokenizer(json: Self.metaspace("\u{2581}", normalizer: sequence(step, 3)), name: "good.json")
      expectRefusal(try Self.metaspace("\u{2581}", normalizer: sequence(step, 4)), naming: "at most four steps")
    }
    expectRefusal(
      try Self.changed { $0["normalizer"] = ["type": "Prepend", "prepend": "aaaaa"] }, naming: "at most four bytes")
    expectRefusal(
      try Self.changed {
        $0["normalizer"] = ["type": "Replace", "pattern": ["String": "a"], "content": "aaaaa"]
      }, naming: "at most four times the pattern")
  }

  @Test("a missing file is another error than a bad one")
  func missing() {
    #expect(throws: SpudError.self) { try TextTokenizer(path: "/no/such/tokenizer.json") }
    do { _ = try TextTokenizer(path: "/no/such/tokenizer.json") } catch let error as SpudError {
      #expect(error.code == .noInput)
    } catch { Issue.record("\(error)") }
  }

  @Test("tokens that are white space and strip it cost no more than their length")
  func strippingSpaces() throws {
    let added: [Any] = [["id": 300, "content": " ", "lstrip": true, "rstrip": true, "normalized": false]]
    let tokenizer = try TextTokenizer(json: Self.changed { $0["added_tokens"] = added }, name: "odd.json")
    let spaces = String(repeating: " ", count: 100_000)
    let time = ContinuousClock().measure { _ = tokenizer.encode(spaces) }
    #expect(time < .seconds(5))
  }
}
