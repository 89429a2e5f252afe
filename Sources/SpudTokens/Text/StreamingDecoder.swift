/// Decodes ids one by one, holding back the bytes of a character until it is complete.
///
/// What all pieces hold together is what `String(decoding:as:)` would make of all bytes at once: U+FFFD stands for
/// what is not UTF-8.
public struct StreamingDecoder: Sendable {
  private let tokenizer: TextTokenizer
  private var held: [UInt8] = []
  private var isAtStart = true

  public init(_ tokenizer: TextTokenizer) { self.tokenizer = tokenizer }

  /// The text that is complete with this id; empty while a character is not.
  public mutating func push(_ id: Int32) -> String {
    let piece = tokenizer.piece(of: id)
    guard !piece.isEmpty else { return "" }
    held.append(contentsOf: piece)
    if isAtStart {
      isAtStart = false
      if tokenizer.stripsLeadingSpace, held.first == UInt8(ascii: " ") { held.removeFirst() }
    }
    let complete = held.count - incompleteTail
    let text = String(decoding: held[..<complete], as: UTF8.self)
    held.removeFirst(complete)
    return text
  }

  /// What is left at the end: U+FFFD if a character was begun and never completed.
  public mutating func finish() -> String {
    defer { held.removeAll() }
    return String(decoding: held, as: UTF8.self)
  }

  /// How many bytes at the end begin a character that later bytes may complete: 0 to 3.
  private var incompleteTail: Int {
    for length in 1...3 where length <= held.count {
      let start = held.count - length
      let first = held[start]
      if first & 0xC0 == 0x80 { continue }
      let wanted = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
      guard first >= 0xC2, first <= 0xF4, length < wanted else { return 0 }
      // A second byte out of bounds already rules the character out.
      var probe = Array(held[start...])
      probe.append(contentsOf: repeatElement(0x80, count: wanted - length))
      if length == 1 { return 1 }
      return probe.scalar(at: 0, before: wanted).isValid ? length : 0
    }
    return 0
  }
}
