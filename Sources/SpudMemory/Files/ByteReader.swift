internal import SpudErrors

/// Reads what `ByteWriter` wrote; nothing is allocated before the bytes for it are there.
struct ByteReader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int
  /// What is read, for the sentence of an error.
  private let name: String

  init(_ bytes: some Sequence<UInt8>, name: String) {
    self.bytes = ArraySlice(bytes)
    position = self.bytes.startIndex
    self.name = name
  }

  var isAtEnd: Bool { position == bytes.endIndex }

  mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws -> Number {
    let raw = try raw(Number.bitWidth / 8)
    var value: Number = 0
    for byte in raw.reversed() { value = (Number.bitWidth > 8 ? value << 8 : 0) | Number(truncatingIfNeeded: byte) }
    return value
  }

  mutating func raw(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, bytes.endIndex - position >= count else {
      throw SpudError(.badData, "\(name): ends at byte \(bytes.count), expected \(count) more")
    }
    defer { position += count }
    return bytes[position..<position + count]
  }

  mutating func counted() throws -> ArraySlice<UInt8> { try raw(Int(try number(UInt32.self))) }

  mutating func text() throws -> String {
    guard let text = String(validating: try counted(), as: UTF8.self) else {
      throw SpudError(.badData, "\(name): holds text that is not UTF-8")
    }
    return text
  }
}
