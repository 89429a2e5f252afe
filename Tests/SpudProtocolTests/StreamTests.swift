import SpudErrors
import Testing

@testable import SpudProtocol

@Suite("Characters and stop strings over tokens")
struct StreamTests {
  /// Unicode's table 3-8 and its neighbours: bytes, and how many U+FFFD they make where.
  static let invalid: [([UInt8], String)] = [
    (
      [0x61, 0xF1, 0x80, 0x80, 0xE1, 0x80, 0xC2, 0x62, 0x80, 0x63, 0x80, 0xBF, 0x64],
      "a\u{FFFD}\u{FFFD}\u{FFFD}b\u{FFFD}c\u{FFFD}\u{FFFD}d"
    ),
    ([0xC0, 0xAF, 0xE0, 0x80, 0xBF, 0xF0, 0x81, 0x82, 0x41], String(repeating: "\u{FFFD}", count: 8) + "A"),
    ([0xED, 0xA0, 0x80, 0xED, 0xBF, 0xBF, 0xED, 0xAF, 0x41], String(repeating: "\u{FFFD}", count: 8) + "A"),
    (
      [0xF4, 0x91, 0x92, 0x93, 0xFF, 0x41, 0x80, 0xBF, 0x42],
      String(repeating: "\u{FFFD}", count: 5) + "A\u{FFFD}\u{FFFD}B"
    ),
    ([0xE1, 0x80, 0xE2, 0xF0, 0x91, 0x92, 0xF1, 0xBF, 0x41], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}A"),
    ([0xF0, 0x9F, 0x98], "\u{FFFD}"), ([0xE2, 0x82], "\u{FFFD}"), ([0x80], "\u{FFFD}"), ([], ""),
    (Array("aé€😀\u{10FFFF}\u{D7FF}\u{E000}".utf8), "aé€😀\u{10FFFF}\u{D7FF}\u{E000}"),
  ]

  @Test("bytes make the same text however they are cut", arguments: invalid)
  func assembling(_ bytes: [UInt8], _ text: String) {
    for cut in 0...bytes.count {
      var assembler = UTF8Assembler()
      let parts = assembler.push(bytes[..<cut]) + assembler.push(bytes[cut...]) + assembler.finish()
      #expect(Array(parts.unicodeScalars) == Array(text.unicodeScalars), "cut at \(cut)")
    }
    var assembler = UTF8Assembler()
    let single = bytes.map { assembler.push([$0]) }.joined() + assembler.finish()
    #expect(Array(single.unicodeScalars) == Array(text.unicodeScalars))
  }

  @Test("a character is never delayed once it is whole")
  func prompt() {
    var assembler = UTF8Assembler()
    #expect(assembler.push([0xF0, 0x9F, 0x98]) == "")
    #expect(assembler.push([0x80]) == "😀")
    #expect(assembler.push([0xC3]) == "")
    #expect(assembler.push([0x41]) == "\u{FFFD}A")
  }

  private func filtered(_ pieces: [String], _ stops: [String]) throws -> (String, String?) {
    var filter = try StopFilter(stops)
    let text = pieces.map { filter.push($0) }.joined() + filter.finish()
    return (text, filter.stop)
  }

  @Test("the text ends before the first stop, however it is cut")
  func stops() throws {
    let cases: [(String, [String], String, String?)] = [
      ("one END two", ["END"], "one ", "END"), ("one EN", ["END"], "one EN", nil), ("EEND", ["END"], "E", "END"),
      ("abab", ["abc", "ab"], "", "ab"), ("xabcd", ["abcde", "bc"], "xa", "bc"), ("aab", ["ab", "aab"], "", "aab"),
      ("a\n\nb", ["\n\n"], "a", "\n\n"), ("ünï</s>x", ["</s>", "ï"], "ün", "ï"), ("text", [], "text", nil),
      ("aaaa", ["aaab"], "aaaa", nil), ("😀😃", ["😃"], "😀", "😃"),
    ]
    for (text, stops, expected, stop) in cases {
      let scalars = text.unicodeScalars.map { String($0) }
      for cut in 0...scalars.count {
        let found = try filtered([scalars[..<cut].joined(), scalars[cut...].joined()], stops)
        #expect(found == (expected, stop), "\(text) \(stops) cut at \(cut)")
      }
      #expect(try filtered(scalars, stops) == (expected, stop))
    }
  }

  @Test("held back is only what may begin a stop")
  func heldBack() throws {
    var filter = try StopFilter(["<|end|>"])
    #expect(filter.push("a <think>") == "a <think>")
    #expect(filter.push(" <|en") == " ")
    #expect(filter.push("x") == "<|enx")
    #expect(filter.push("<") == "")
    #expect(filter.push("<|e") == "<")
    #expect(filter.finish() == "<|e")
  }

  @Test("stops that are empty, long or many are refused")
  func limits() {
    #expect(throws: SpudError.self) { try StopFilter([""]) }
    #expect(throws: SpudError.self) { try StopFilter([String(repeating: "x", count: 257)]) }
    #expect(throws: SpudError.self) { try StopFilter(.init(repeating: "x", count: 17)) }
  }

  @Test("what is held at the end passes through stops and parser")
  func reader() throws {
    var reader = AnswerReader(stops: try StopFilter(["STOP"]), parser: AnswerParser(.hermes))
    var events = reader.push(Array("<think>é".utf8).dropLast())
    events += reader.push([0xA9])
    events += reader.push(Array("</think>a ST".utf8))
    #expect(reader.stop == nil)
    events += reader.finish()
    #expect(events.merged == [.reasoning("é"), .content("a ST")])
    reader = AnswerReader(stops: try StopFilter(["STOP"]), parser: AnswerParser(.hermes))
    events = reader.push(Array("a STOP b".utf8)) + reader.push([0x63]) + reader.finish()
    #expect(events.merged == [.content("a ")] && reader.stop == "STOP")
  }
}
