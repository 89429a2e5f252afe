/// Turns the bytes of tokens into text, though a token may end within a character.
///
/// What is no UTF-8 becomes U+FFFD, one for each maximal part that could have begun a character (Unicode, table 3-8),
/// as if the bytes had come at once.
package struct UTF8Assembler: Sendable {
  /// The start of a character whose rest has not come; at most 3 bytes.
  private var held: [UInt8] = []

  package init() {}

  /// The text that is certain with `bytes`.
  package mutating func push(_ bytes: some Collection<UInt8>) -> String {
    held += bytes
    let start = Self.incompleteStart(of: held)
    let text = String(decoding: held[..<start], as: UTF8.self)
    held.removeSubrange(..<start)
    return text
  }

  /// The rest, at the end of the answer.
  package mutating func finish() -> String {
    defer { held = [] }
    return String(decoding: held, as: UTF8.self)
  }

  /// Where the character begins that the end of `bytes` cuts off; the end if there is none.
  private static func incompleteStart(of bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
      let start = bytes.count - length
      let lead = bytes[start]
      if lead & 0xC0 == 0x80 { continue }
      let needed = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1
      guard lead <= 0xF4, needed > length else { return bytes.count }
      if length > 1, !secondBytes(after: lead).contains(bytes[start + 1]) { return bytes.count }
      return start
    }
    return bytes.count
  }

  private static func secondBytes(after lead: UInt8) -> ClosedRange<UInt8> {
    switch lead {
    case 0xE0: 0xA0...0xBF
    case 0xED: 0x80...0x9F
    case 0xF0: 0x90...0xBF
    case 0xF4: 0x80...0x8F
    default: 0x80...0xBF
    }
  }
}
