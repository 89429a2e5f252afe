import Foundation
import SpudErrors
import SpudTensors

@testable import SpudSchema

/// A vocabulary of all single bytes and of pieces such as tokenizers have, some of them cut within a character.
enum ToyVocabulary {
  static let tokens: [[UInt8]] = {
    var tokens = (0..<256).map { [UInt8($0)] }
    let pieces = [
      "{\"", "\":", "\": ", "\", \"", "\",\"", "\"}", "}}", "]}", "}, {", "[{", "[]", "{}", ", ", "\n  ", "true", "fal",
      "se", "null", "nul",
      "12", "00", "-1", "0.5", "e-", "a", "ab", "name", "value", "\\n", "\\\"", "\\u", "\\u00e9", "d83d", "é", "日本",
      "😀", "größe", "\"a\"",
      "\"value\": ", "head", "tail", "children", "leaf", "\"red\"", "@x.y", "555-", " ", "  ", "\"\"", "T14:07", "1234",
    ]
    tokens += pieces.map { Array($0.utf8) }
    tokens += [[0xC3], [0xA9, 0x22], [0xF0, 0x9F], [0x98, 0x80], [0xE6, 0x97]]
    // Control tokens, which have no bytes; and one that says what another says.
    tokens += [[], [], Array("true".utf8)]
    return tokens
  }()

  static let trie = TokenTrie(tokens)
}

extension TokenConstraint {
  convenience init(_ schema: String) throws {
    try self.init(schema: try JSONValue(parsing: schema, name: "schema"), trie: ToyVocabulary.trie)
  }

  /// Whether a text may come out, byte by byte, and be complete.
  func allows(_ text: String) -> Bool { advance(start, by: text.utf8).map(mayEnd) ?? false }

  /// Walks a text by random tokens that the masks allow; false if there is a place where they allow none that fits.
  func reaches(_ text: String, using generator: inout some RandomNumberGenerator) -> Bool {
    var rest = Array(text.utf8)[...], state = start
    while !rest.isEmpty {
      let mask = mask(after: state)
      let fitting = ToyVocabulary.tokens.indices.filter {
        mask.contains(Int32($0)) && rest.starts(with: ToyVocabulary.tokens[$0])
      }
      guard let token = fitting.randomElement(using: &generator), let next = advance(state, by: Int32(token)) else {
        return false
      }
      rest = rest.dropFirst(ToyVocabulary.tokens[token].count)
      state = next
    }
    return mayEnd(after: state)
  }

  /// A text made of tokens chosen at random among those allowed; nil if it does not end.
  func randomText(using generator: inout some RandomNumberGenerator) -> String? {
    var bytes: [UInt8] = [], state = start
    for count in 0..<4000 {
      let ends = mayEnd(after: state)
      let allowed = mask(after: state).ids
      if ends, allowed.isEmpty || count > 40 || Int.random(in: 0..<4, using: &generator) == 0 {
        return String(validating: bytes, as: UTF8.self)
      }
      // Later on, what closes something is taken where it may stand.
      let closing = allowed.filter { ["\"", "}", "]"].map { Array($0.utf8) }.contains(ToyVocabulary.tokens[Int($0)]) }
      let choices = count > 60 && !closing.isEmpty && Int.random(in: 0..<8, using: &generator) > 0 ? closing : allowed
      guard let token = choices.randomElement(using: &generator), let next = advance(state, by: token) else {
        return nil
      }
      bytes += ToyVocabulary.tokens[Int(token)]
      state = next
    }
    return nil
  }
}

/// Says whether a value is what a schema of the supported subset describes; patterns are not looked at.
struct SchemaValidator {
  let document: JSONValue

  func accepts(_ value: JSONValue, _ schema: JSONValue) -> Bool {
    guard let object = schema.object else { return schema.bool == true }
    if let target = object["$ref"]?.string {
      let name = target.split(separator: "/").last.map(String.init) ?? ""
      return accepts(value, target == "#" ? document : document["$defs"]?[name] ?? .null)
    }
    if let choices = object["anyOf"]?.array { return choices.contains { accepts(value, $0) } }
    if let values = object["enum"]?.array { return values.contains { same($0, value) } }
    if let wanted = object["const"] { return same(wanted, value) }
    guard let type = object["type"] else { return true }
    return (type.array ?? [type]).contains { accepts(value, object, $0.string ?? "") }
  }

  private func accepts(_ value: JSONValue, _ schema: JSONObject, _ type: String) -> Bool {
    switch (type, value) {
    case ("null", .null), ("boolean", .bool), ("number", .number): return true
    case ("integer", .number):
      if schema["minimum"] == nil, schema["maximum"] == nil { return value.double.map { $0.rounded() == $0 } ?? true }
      // An integer may have more digits than fit a word; what they round to lies on the same side of a bound that fits.
      guard let number = value.double, number.rounded() == number else { return false }
      return number >= schema["minimum"]?.double ?? -.infinity && number <= schema["maximum"]?.double ?? .infinity
    case ("string", .string(let text)):
      let count = text.unicodeScalars.count
      return count >= schema["minLength"]?.int ?? 0 && count <= schema["maxLength"]?.int ?? .max
    case ("array", .array(let items)):
      return items.count >= schema["minItems"]?.int ?? 0 && items.count <= schema["maxItems"]?.int ?? .max
        && items.allSatisfy { accepts($0, schema["items"] ?? .bool(true)) }
    case ("object", .object(let object)):
      guard let properties = schema["properties"]?.object else { return true }
      return object.members.allSatisfy { member in properties[member.key].map { accepts(member.value, $0) } ?? false }
        && (schema["required"]?.array ?? []).allSatisfy { object[$0.string ?? ""] != nil }
    default: return false
    }
  }

  private func same(_ a: JSONValue, _ b: JSONValue) -> Bool {
    if case .number = a, case .number = b { return a.double == b.double }
    return a == b
  }
}
