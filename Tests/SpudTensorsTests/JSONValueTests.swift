import SpudErrors
import SpudTensors
import Testing

@Suite("JSON")
struct JSONValueTests {
  @Test("values of every kind are read")
  func values() throws {
    let text = #" {"a":[1,-2.5e3,true,false,null],"é":"x\n\u00e9\ud83d\ude00\/","":{}} "#
    let json = try JSONValue(parsing: text, name: "test")
    #expect(json["a"]?.array?[0].int == 1)
    #expect(json["a"]?.array?[1].double == -2500)
    #expect(json["a"]?.array?[1].int == -2500)
    #expect(json["a"]?.array?[2].bool == true)
    #expect(json["a"]?.array?[4].isNull == true)
    #expect(json["é"]?.string == "x\né😀/")
    #expect(json[""]?.object?.isEmpty == true)
    #expect(json.object?.keys == ["a", "é", ""])
  }

  @Test("numbers keep every digit")
  func numbers() throws {
    let json = try JSONValue(parsing: "[9007199254740993, 18446744073709551615, 1e400, 0.1, -0, 1.5]", name: "test")
    let items = try #require(json.array)
    #expect(items[0].int == 9_007_199_254_740_993)
    #expect(items[1].int == nil)
    #expect(items[1] == .number("18446744073709551615"))
    #expect(items[2].double == nil)
    #expect(items[3].double == 0.1)
    #expect(items[4].int == 0)
    #expect(items[5].int == nil)
  }

  @Test("keys that differ only in Unicode's normal form are two keys")
  func keysAreBytes() throws {
    let json = try JSONValue(parsing: "{\"e\u{301}\":1,\"\u{e9}\":2}", name: "test")
    #expect(json["\u{e9}"]?.int == 2)
    #expect(json["e\u{301}"]?.int == 1)
  }

  @Test("a large object finds every key")
  func largeObject() throws {
    let members = (0..<5000).map { "\"key \($0)\":\($0)" }.joined(separator: ",")
    let json = try JSONValue(parsing: "{\(members)}", name: "test")
    for key in stride(from: 0, to: 5000, by: 7) { #expect(json["key \(key)"]?.int == key) }
    #expect(json["key 5000"] == nil)
    #expect(throws: SpudError.self) { try JSONValue(parsing: "{\(members),\"key 77\":1}", name: "test") }
  }

  @Test("writing and reading gives the same value")
  func roundTrip() throws {
    let value = JSONValue.object(
      JSONObject([("a", .array([.number(1), .number(0.25), .null, .bool(true)])), ("\"\\\n\u{1}é", .string("\t😀"))]))
    #expect(try JSONValue(parsing: value.serialized, name: "test") == value)
  }

  @Test(
    "what is no JSON is refused with its place",
    arguments: [
      "", " ", "{", "[", "[1", "[1,", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "01", "-", "1.",
      ".5",
      "1e", "1e+", "+1", "nul", "truee", "True", "NaN", "Infinity", "\"", "\"\\", "\"\\u12", "\"\\u12g4\"", "\"\\x\"",
      "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\n\"", "[1] 2", "{\"a\":1,\"a\":2}", "'a'", "[1 2]",
      "\u{FEFF}1",
    ])
  func refused(text: String) throws {
    let error = #expect(throws: SpudError.self) { try JSONValue(parsing: text, name: "bad.json") }
    #expect(error?.code == .badData)
    #expect(error?.message.hasPrefix("bad.json: JSON, byte ") == true)
  }

  @Test(
    "text that is not UTF-8 is refused",
    arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]])
  func notUTF8(bytes: [UInt8]) {
    #expect(throws: SpudError.self) { try JSONValue(parsing: [0x22] + bytes + [0x22], name: "test") }
  }

  @Test("values nest 64 deep and no deeper")
  func depth() throws {
    let limit = JSONValue.depthLimit
    let nested = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    _ = try JSONValue(parsing: nested(limit), name: "test")
    #expect(throws: SpudError.self) { try JSONValue(parsing: nested(limit + 1), name: "test") }
    #expect(throws: SpudError.self) {
      try JSONValue(parsing: String(repeating: "{\"a\":", count: 100_000), name: "test")
    }
  }
}
