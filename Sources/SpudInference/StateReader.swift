internal import SpudErrors
internal import SpudTensors

/// Reads what was remembered of a conversation: numbers little-endian, counts before what has them. Nothing is
/// allocated before the bytes for it are there.
struct StateReader {
  let bytes: [UInt8]
  var place = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - place else {
      throw SpudError(.badData, "a remembered conversation ends at byte \(bytes.count), expected \(count) more")
    }
    defer { place += count }
    return bytes[place..<place + count]
  }

  mutating func numbers(_ count: Int) throws -> [UInt32] {
    let raw = try take(4 * count)
    return stride(from: raw.startIndex, to: raw.endIndex, by: 4).map { start in
      raw[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
  }

  mutating func count() throws -> Int { Int(try numbers(1)[0]) }

  mutating func text() throws -> String {
    guard let text = String(validating: try take(try count()), as: UTF8.self) else {
      throw SpudError(.badData, "a remembered conversation holds text that is not UTF-8")
    }
    return text
  }

  /// Ids, or other counts of 32 bits, with how many there are before them.
  mutating func ids() throws -> [Int32] { try numbers(try count()).map { Int32(bitPattern: $0) } }

  /// Stretches of a text of so many bytes, in order.
  mutating func stretches(within count: Int) throws -> [Range<Int>] {
    var stretches: [Range<Int>] = []
    for _ in 0..<(try self.count()) {
      let (start, end) = (try self.count(), try self.count())
      guard start <= end, end <= count, stretches.last?.upperBound ?? 0 <= start else {
        throw SpudError(.badData, "a remembered conversation's text has \(count) bytes, not \(start)…\(end)")
      }
      stretches.append(start..<end)
    }
    return stretches
  }
}
