/// Small steps that parsers of calls share.
struct ByteMatcher: Sendable {
  private var read: [UInt8] = []

  enum Match { case more, found(Int), failed }

  /// Takes the bytes of one of `choices`, none of which begins another.
  mutating func match(_ byte: UInt8, _ choices: [String], skippingSpace: Bool = true) -> Match {
    if read.isEmpty, skippingSpace, JSONScanner.isSpace(byte) { return .more }
    read.append(byte)
    for (index, choice) in choices.enumerated() where choice.utf8.elementsEqual(read) {
      read = []
      return .found(index)
    }
    return choices.contains { $0.utf8.starts(with: read) } ? .more : .failed
  }

  enum Name { case more, found(String, end: Int), failed }

  /// Takes a name up to one of `ends`, which is consumed; a name is short, and holds no control character.
  mutating func name(_ byte: UInt8, ends: [String]) -> Name {
    if read.isEmpty, JSONScanner.isSpace(byte) { return .more }
    read.append(byte)
    for (index, end) in ends.enumerated() where read.count >= end.utf8.count {
      guard read.suffix(end.utf8.count).elementsEqual(end.utf8) else { continue }
      let name = String(decoding: read.dropLast(end.utf8.count), as: UTF8.self)
      read = []
      let trimmed = name.trimmingSpaces
      return trimmed.isEmpty ? .failed : .found(trimmed, end: index)
    }
    return read.count > 512 ? .failed : .more
  }
}

extension String {
  /// Without white space at the ends.
  var trimmingSpaces: String {
    var part = unicodeScalars[...]
    while let first = part.first, first.properties.isWhitespace { part.removeFirst() }
    while let last = part.last, last.properties.isWhitespace { part.removeLast() }
    return String(part)
  }
}
