internal import SpudErrors

/// Cuts the text of policies into tokens.
struct Lexer {
  let source: PolicySource
  private var position = 0

  init(_ source: PolicySource) { self.source = source }

  private var bytes: [UInt8] { source.bytes }

  /// All tokens, the last of them `end`.
  ///
  /// - Complexity: O(bytes).
  mutating func tokens() throws -> [Token] {
    var tokens: [Token] = []
    while true {
      let token = try next()
      tokens.append(token)
      if token.kind == .end { return tokens }
    }
  }

  private mutating func next() throws -> Token {
    try skipSpace()
    let start = position
    guard position < bytes.count else { return Token(kind: .end, offset: start) }
    let byte = bytes[position]
    if Self.startsIdentifier(byte) {
      position = bytes[position...].firstIndex { !Self.startsIdentifier($0) && !Self.isDigit($0) } ?? bytes.count
      return Token(kind: .identifier(source.text(start..<position)), offset: start)
    }
    if Self.isDigit(byte) {
      position = bytes[position...].firstIndex { !Self.isDigit($0) } ?? bytes.count
      return Token(kind: .number(source.text(start..<position)), offset: start)
    }
    if byte == UInt8(ascii: "\"") { return try string() }
    for length in [2, 1] where position + length <= bytes.count {
      let text = String(decoding: bytes[position..<(position + length)], as: UTF8.self)
      guard Self.symbols.contains(text) else { continue }
      position += length
      return Token(kind: .symbol(text), offset: start)
    }
    throw source.error(at: start, "a character that no policy has outside of strings")
  }

  private static let symbols: Set<String> = [
    "@", ".", ",", ";", ":", "::", "(", ")", "{", "}", "[", "]", "==", "!=", "<", "<=", ">", ">=", "||", "&&", "+", "-",
    "*", "!", "?",
  ]

  /// A backslash protects the byte behind it, as long as that is no line's end.
  private mutating func string() throws -> Token {
    let start = position
    position += 1
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return Token(kind: .string(source.text((start + 1)..<(position - 1))), offset: start)
      case UInt8(ascii: "\\"):
        guard position + 1 < bytes.count, bytes[position + 1] != UInt8(ascii: "\n") else {
          throw source.error(at: position, "a backslash with nothing to protect")
        }
        position += 2
      default: position += 1
      }
    }
    throw source.error(at: start, "a string that does not end")
  }

  /// Skips white space and comments, which reach from `//` to the end of a line.
  private mutating func skipSpace() throws {
    while position < bytes.count {
      let length = spaceLength()
      if length > 0 {
        position += length
      } else if bytes[position] == UInt8(ascii: "/"), position + 1 < bytes.count,
        bytes[position + 1] == UInt8(ascii: "/")
      {
        position = bytes[position...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? bytes.count
      } else {
        return
      }
    }
  }

  /// The length of the white space here, 0 if there is none. White space is what Unicode calls so.
  private func spaceLength() -> Int {
    switch bytes[position] {
    case 0x09...0x0D, 0x20: return 1
    case 0xC2:
      guard position + 1 < bytes.count else { return 0 }
      return bytes[position + 1] == 0x85 || bytes[position + 1] == 0xA0 ? 2 : 0
    case 0xE1, 0xE2, 0xE3:
      guard position + 2 < bytes.count else { return 0 }
      switch (bytes[position], bytes[position + 1], bytes[position + 2]) {
      case (0xE1, 0x9A, 0x80), (0xE2, 0x80, 0x80...0x8A), (0xE2, 0x80, 0xA8...0xA9), (0xE2, 0x80, 0xAF),
        (0xE2, 0x81, 0x9F), (0xE3, 0x80, 0x80):
        return 3
      default: return 0
      }
    default: return 0
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  private static func startsIdentifier(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z") || byte == UInt8(ascii: "_")
  }
}
