/// A set of bytes.
struct ByteSet: Sendable, Hashable {
  private var words: [4 of UInt64] = [0, 0, 0, 0]

  init() {}

  init(_ ranges: ClosedRange<UInt8>...) {
    for range in ranges { for byte in range { insert(byte) } }
  }

  init(_ text: String) {
    for byte in text.utf8 { insert(byte) }
  }

  mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
  func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1 }

  func subtracting(_ other: ByteSet) -> ByteSet {
    var result = self
    for index in words.indices { result.words[index] &= ~other.words[index] }
    return result
  }

  static func == (a: Self, b: Self) -> Bool { a.words.indices.allSatisfy { a.words[$0] == b.words[$0] } }
  func hash(into hasher: inout Hasher) { for index in words.indices { hasher.combine(words[index]) } }
}
