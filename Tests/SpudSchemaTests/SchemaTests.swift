import Foundation
import SpudErrors
import SpudTensors
import Testing

@testable import SpudSchema

@Suite("Constrained output")
struct SchemaTests {
  struct Case: Sendable {
    let schema: JSONValue
    let valid: [String]
    let invalid: [String]
  }

  /// What `Scripts/goldens/schemas.py` wrote: random schemas, and instances that jsonschema judged.
  static func cases() throws -> [Case] {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/schemas.json").path
    return (try JSONValue(contentsOf: path).array ?? []).map { json in
      Case(
        schema: json["schema"] ?? .null, valid: json["valid"]?.array?.compactMap(\.string) ?? [],
        invalid: json["invalid"]?.array?.compactMap(\.string) ?? [])
    }
  }

  @Test("every valid instance can be reached through the masks, and no invalid one")
  func instances() throws {
    var generator = SystemRandomNumberGenerator()
    let cases = try Self.cases()
    #expect(cases.count == 300)
    for item in cases {
      let constraint = try TokenConstraint(schema: item.schema, trie: ToyVocabulary.trie)
      let name = String(decoding: item.schema.serialized, as: UTF8.self)
      for text in item.valid {
        #expect(constraint.allows(text), "\(text) of \(name)")
        #expect(constraint.reaches(text, using: &generator), "\(text) of \(name)")
      }
      for text in item.invalid { #expect(!constraint.allows(text), "\(text) of \(name)") }
    }
  }

  /// The texts are also written to `SPUD_SCHEMA_TEXTS`, if that names a file, for `schemas.py check`.
  @Test("whatever tokens are chosen among those allowed, valid JSON comes out")
  func randomWalks() throws {
    var generator = SystemRandomNumberGenerator()
    var lines: [UInt8] = [], ended = 0, walks = 0
    for item in try Self.cases() {
      let constraint = try TokenConstraint(schema: item.schema, trie: ToyVocabulary.trie)
      let validator = SchemaValidator(document: item.schema)
      for _ in 0..<3 {
        walks += 1
        guard let text = constraint.randomText(using: &generator) else { continue }
        ended += 1
        let value: JSONValue
        do {
          value = try JSONValue(parsing: text, name: "a walk")
        } catch let error as SpudError where error.message.contains("stands twice") {
          // An object of any members may name one twice, which JSON allows and our reader does not.
          continue
        }
        #expect(
          validator.accepts(value, item.schema), "\(text) of \(String(decoding: item.schema.serialized, as: UTF8.self))"
        )
        lines += JSONValue.object(JSONObject([("schema", item.schema), ("text", .string(text))])).serialized + [0x0A]
      }
    }
    #expect(ended * 10 > walks * 9, "\(ended) of \(walks) walks end")
    if let path = ProcessInfo.processInfo.environment["SPUD_SCHEMA_TEXTS"] {
      try Data(lines).write(to: URL(filePath: path))
    }
  }

  @Test("there is always a way to the end, however deep a schema refers to itself")
  func recursion() throws {
    let tree =
      ##"{"type":"object","properties":{"v":{"type":"integer"},"n":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},"##
      + ##""required":["v","n"],"additionalProperties":false}"##
    let constraint = try TokenConstraint(tree)
    #expect(constraint.allows(#"{"v":1,"n":{"v":2,"n":null}}"#))
    var state = constraint.start, depth = 0
    while let next = constraint.advance(state, by: #"{"v":1,"n":"#.utf8) {
      state = next
      depth += 1
      try #require(depth < 100)
    }
    #expect(depth == Automaton.depthLimit)
    // At the bottom only `null` is left.
    #expect(
      constraint.mask(after: state).ids.allSatisfy { [0x20, 0x0A, 0x6E].contains(ToyVocabulary.tokens[Int($0)][0]) })
    #expect(
      constraint.advance(state, by: ("null" + String(repeating: "}", count: depth)).utf8).map(constraint.mayEnd) == true
    )
  }

  @Test("a member that may be left out is not begun where it could not be ended")
  func optionalRecursion() throws {
    let constraint = try TokenConstraint(
      ##"{"type":"object","properties":{"n":{"$ref":"#"},"m":{"type":"array","items":{"$ref":"#"}}}}"##)
    for opening in [#"{"n":"#, #"{"m":["#, #"{"n":{},"m":[{},"#] {
      var state = constraint.start, depth = 0
      while let next = constraint.advance(state, by: opening.utf8) {
        state = next
        depth += 1
        try #require(depth < 100)
      }
      #expect((Automaton.depthLimit - 1...Automaton.depthLimit).contains(depth))
      // Whatever comes next, each byte that is allowed leads on.
      var generator = SystemRandomNumberGenerator()
      for _ in 0..<400 where !constraint.mayEnd(after: state) {
        let allowed = constraint.mask(after: state).ids
        state = try #require(allowed.randomElement(using: &generator).flatMap { constraint.advance(state, by: $0) })
      }
    }
  }

  @Test("any object, as deep as it goes")
  func anyObject() throws {
    let constraint = TokenConstraint.anyObject(trie: ToyVocabulary.trie)
    for text in ["{}", #"{"a":[1,-2.5e3,"é\n\u00e9",true,null,{"b":{}}]}"#, "{\n  \"a\": []\n}"] {
      #expect(constraint.allows(text))
    }
    for text in [
      "[]", "1", "{", "{]", #"{"a"}"#, #"{"a":01}"#, #"{"a":"\x"}"#, #"{"a":"\ud800"}"#, "{} ", #"{"a":1,}"#,
    ] {
      #expect(!constraint.allows(text), "\(text)")
    }
    #expect(constraint.allows(#"{"a":"\ud83d\ude00"}"#))
    #expect(constraint.advance(constraint.start, by: [UInt8](#"{"a":""#.utf8) + [0xC0]) == nil)
  }

  static let refused: [(schema: String, part: String)] = [
    (
      ##"{"type":"object","properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"$ref":"#/$defs/x"}}}"##,
      "#/$defs/x refers to itself"
    ),
    (##"{"$ref":"#"}"##, "# refers to itself"), (##"{"anyOf":[{"$ref":"#"}]}"##, "# refers to itself"),
    (
      ##"{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"],"additionalProperties":false}"##,
      "# refers to itself"
    ),
    (##"{"type":"array","minItems":1,"items":{"$ref":"#"}}"##, "# refers to itself"),
    (##"{"$ref":"#/$defs/no"}"##, "does not have"),
    (##"{"$ref":"http://x/y"}"##, "outside the schema"), (##"{"type":"object","additionalProperties":true}"##, "#"),
    (
      ##"{"type":"object","properties":{"a":{"type":"object","properties":{"b/c":{"oneOf":[]}}}}}"##,
      "#/properties/a/properties/b~1c has 'oneOf'"
    ),
    (##"{"allOf":[]}"##, "'allOf'"), (##"{"not":{}}"##, "'not'"), (##"{"type":"string","minItems":1}"##, "no type"),
    (##"{"minLength":1}"##, "no type"),
    (##"{"type":"float"}"##, "none of null"), (##"{"type":[]}"##, "empty list"), (##"{"type":5}"##, "none of"),
    ("5", "must be an object"), (##""x""##, "must be an object"),
    (##"{"type":"number","minimum":0}"##, "bounds numbers"), (##"{"type":"integer","multipleOf":2}"##, "'multipleOf'"),
    (##"{"type":"integer","minimum":5,"maximum":4}"##, "no integer meets"),
    (##"{"type":"integer","minimum":1e30}"##, "62 bits"),
    (##"{"type":"string","minLength":5,"maxLength":4}"##, "no string"),
    (##"{"type":"string","maxLength":1001}"##, "from 0 to 1000"),
    (##"{"type":"string","maxLength":-1}"##, "from 0 to 1000"),
    (##"{"type":"array","minItems":3,"maxItems":2}"##, "no list"),
    (##"{"type":"string","pattern":"("}"##, "group without an end"),
    (##"{"type":"string","pattern":"(?=a)"}"##, "looks ahead"),
    (##"{"type":"string","pattern":"a{2000}"}"##, "repetition"),
    (##"{"type":"string","pattern":"\\b"}"##, "not supported"),
    (##"{"type":"string","pattern":"*"}"##, "repeats nothing"),
    (##"{"type":"string","pattern":"a**"}"##, "behind a repetition"),
    (##"{"type":"string","pattern":"[z-a]"}"##, "range"), (##"{"type":"string","pattern":"[a"}"##, "class without"),
    (##"{"type":"string","pattern":"a)"}"##, "too many"),
    (##"{"type":"string","format":"hostname"}"##, "format 'hostname'"), (##"{"enum":[]}"##, "1 to 1000"),
    (##"{"anyOf":[]}"##, "1 to 1000"),
    (##"{"enum":[1],"anyOf":[{}]}"##, "beside"), (##"{"type":"string","enum":[1]}"##, "another type"),
    (##"{"type":"object","properties":{},"required":["a"]}"##, "requires 'a'"),
    (##"{"type":"object","properties":[]}"##, "no object"),
    (##"{"type":"array","items":[{}]}"##, "#/items is an array"),
  ]

  @Test("what is not supported is refused with its path", arguments: refused)
  func refusals(_ schema: String, _ part: String) throws {
    let error = #expect(throws: SpudError.self) { try TokenConstraint(schema) }
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    #expect(error?.code == .badData)
  }

  @Test("schemas that are too large or too deep are refused")
  func limits() throws {
    let wide = "{\"enum\":[" + (0..<9000).map { "\"word \($0)\"" }.joined(separator: ",") + "]}"
    #expect(throws: SpudError.self) { try TokenConstraint(wide) }
    let deep = String(repeating: #"{"type":"array","items":"#, count: 40)
    #expect(throws: SpudError.self) { try TokenConstraint(deep + "{}" + String(repeating: "}", count: 40)) }
    let repeated =
      #"{"type":"string","pattern":""# + String(repeating: "(", count: 40) + "a"
      + String(repeating: "){1000}", count: 40) + #""}"#
    #expect(throws: SpudError.self) { try TokenConstraint(repeated) }
    // Repetitions of repetitions count by nesting, so they are cheap to compile.
    let nested = try TokenConstraint(#"{"type":"string","pattern":"^(((a{1000}){1000}){1000})$"}"#)
    #expect(nested.advance(nested.start, by: ("\"" + String(repeating: "a", count: 5000)).utf8) != nil)
    // Many definitions, each of which refers to all others.
    let names = (0..<150).map { "d\($0)" }
    let all = names.map { "{\"$ref\":\"#/$defs/\($0)\"}" }.joined(separator: ",")
    let web =
      "{\"$ref\":\"#/$defs/d0\",\"$defs\":{" + names.map { "\"\($0)\":{\"type\":\"null\"}" }.joined(separator: ",")
      + "}}"
    #expect(try TokenConstraint(web).allows("null"))
    let cyclic =
      "{\"anyOf\":[\(all)],\"$defs\":{" + names.map { "\"\($0)\":{\"$ref\":\"#\"}" }.joined(separator: ",") + "}}"
    #expect(throws: SpudError.self) { try TokenConstraint(cyclic) }
  }

  @Test("integers between bounds, all of them and no other")
  func integerRanges() throws {
    for (low, high) in [(-5, 5), (0, 0), (1, 9), (7, 123), (-120, -99), (-1, 1000), (95, 105), (-30, 8)] {
      let constraint = try TokenConstraint(#"{"type":"integer","minimum":\#(low),"maximum":\#(high)}"#)
      for number in (low - 150)...(high + 150) {
        #expect(constraint.allows(String(number)) == (low...high).contains(number), "\(number) in \(low)...\(high)")
      }
      #expect(!constraint.allows("007") && !constraint.allows("1.0") && !constraint.allows("+1"))
    }
    let open = try TokenConstraint(#"{"type":"integer","exclusiveMinimum":41}"#)
    #expect(
      open.allows("42") && open.allows("100") && open.allows("99999999999999999999") && !open.allows("41")
        && !open.allows("-50"))
    let below = try TokenConstraint(#"{"type":"integer","maximum":-10}"#)
    #expect(below.allows("-10") && below.allows("-123456") && !below.allows("-9") && !below.allows("0"))
  }

  @Test("strings: lengths count characters, however they are spelled")
  func strings() throws {
    let constraint = try TokenConstraint(#"{"type":"string","minLength":2,"maxLength":3}"#)
    for text in [#""ab""#, #""é日😀""#, #""\n\u00e9""#, #""\ud83d\ude00a""#] {
      #expect(constraint.allows(text), "\(text)")
    }
    for text in [#""a""#, #""abcd""#, #""\ud83d\ude00""#, "\"a\nb\"", #""\ud83dx""#] {
      #expect(!constraint.allows(text), "\(text)")
    }
  }

  @Test("formats: every day that there is, and no other")
  func formats() throws {
    let date = try TokenConstraint(#"{"type":"string","format":"date"}"#)
    for text in ["2026-01-31", "2024-02-29", "2000-02-29", "1999-12-01", "2026-11-30"] {
      #expect(date.allows("\"\(text)\""))
    }
    for text in ["2026-02-29", "1900-02-29", "2026-11-31", "2026-13-01", "2026-00-10", "2026-1-1", "2026-01-00"] {
      #expect(!date.allows("\"\(text)\""), "\(text)")
    }
    let address = try TokenConstraint(#"{"type":"string","format":"ipv4"}"#)
    #expect(address.allows(#""255.0.10.199""#) && !address.allows(#""256.0.0.1""#) && !address.allows(#""01.0.0.1""#))
  }

  @Test("masks of tokens agree with single bytes, and leave control tokens out")
  func masks() throws {
    let constraint = try TokenConstraint(
      #"{"type":"object","properties":{"é":{"type":"boolean"}},"required":["é"],"additionalProperties":false}"#)
    var states = [constraint.start], generator = SystemRandomNumberGenerator()
    for _ in 0..<40 {
      let state = states.randomElement(using: &generator) ?? constraint.start
      let mask = constraint.mask(after: state)
      for (id, token) in ToyVocabulary.tokens.enumerated() {
        let next = constraint.advance(state, by: Int32(id))
        #expect(mask.contains(Int32(id)) == (!token.isEmpty && next != nil), "token \(id)")
        #expect(next == (token.isEmpty ? nil : constraint.advance(state, by: token)))
        if let next { states.append(next) }
      }
    }
    #expect(
      constraint.advance(constraint.start, by: -1) == nil && constraint.advance(constraint.start, by: 99_999) == nil)
  }
}
