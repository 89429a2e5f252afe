/// The pattern of a `like`: bytes to be found in this order, with gaps of any length between its pieces.
package struct LikePattern: Hashable, Sendable {
  /// What is between the stars; a pattern without a star is one piece.
  private let pieces: [[UInt8]]

  /// - Returns: Nil where the literal holds an escape that Cedar does not have.
  init?(literal: String) {
    guard let elements = StringEscapes.elements(of: literal, starIsEscape: true) else { return nil }
    pieces = elements.split(omittingEmptySubsequences: false) { $0.scalar == "*" && !$0.isEscaped }
      .map { piece in piece.flatMap { Array(String($0.scalar).utf8) } }
  }

  /// Whether all of `text` matches.
  ///
  /// The first piece must begin the text and the last must end it; each piece between is taken where it is first found,
  /// which leaves the most to the pieces behind it. UTF-8 finds no character inside another, so bytes do.
  ///
  /// - Complexity: O(`text` · pattern).
  func matches(_ text: ExactString) -> Bool {
    let bytes = Array(text.text.utf8)
    guard let first = pieces.first, let last = pieces.last, pieces.count > 1 else { return bytes == pieces.first }
    guard bytes.count >= first.count + last.count, bytes.starts(with: first),
      bytes.suffix(last.count).elementsEqual(last)
    else { return false }
    var rest = bytes[first.count..<(bytes.count - last.count)]
    for piece in pieces.dropFirst().dropLast() {
      guard let end = Self.end(of: piece, in: rest) else { return false }
      rest = rest[end...]
    }
    return true
  }

  /// Where the first occurrence of `piece` ends.
  private static func end(of piece: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
    guard let head = piece.first else { return bytes.startIndex }
    var start = bytes.startIndex
    while start + piece.count <= bytes.endIndex {
      if bytes[start] == head, bytes[start..<(start + piece.count)].elementsEqual(piece) { return start + piece.count }
      start += 1
    }
    return nil
  }
}
