extension Sight {
  /// Words that stand together, by what they look like.
  package struct Part: Sendable, Equatable {
    package enum Kind: Sendable { case text, link, button, field, focusedField }

    package let kind: Kind
    package let text: String
    package let row: Int
    package let column: Int
    package let width: Int

    /// The middle, in pixels.
    package var centre: (x: Int, y: Int) {
      (
        column * LetterReader.width + width * LetterReader.width / 2,
        row * LetterReader.height + LetterReader.height / 2
      )
    }

    var isField: Bool { kind == .field || kind == .focusedField }

    func covers(x: Int, y: Int) -> Bool {
      y / LetterReader.height == row && (column..<column + width).contains(x / LetterReader.width)
    }
  }

  private static let white = 0xFFFFFF, fieldPaper = 0xEEEEEE, focusPaper = 0xFFFFCC, buttonPaper = 0xCCCCCC
  private static let linkInk = 0x0000CC

  /// The parts of the screen in reading order. What has a paper of its own goes as far as that; on white, two empty
  /// cells in a row part words.
  package var parts: [Part] {
    (0..<rows).flatMap { row in
      var made: [Part] = []
      var column = 0
      while column < columns {
        let cell = self[row, column]
        if cell.paper == Self.white, cell.letter == " " {
          column += 1
          continue
        }
        let end = cell.paper == Self.white ? wordsEnd(row, column) : paperEnd(row, column)
        let text = String((column..<end).map { self[row, $0].letter }).trimmingSpaces
        made.append(Part(kind: kind(cell), text: text, row: row, column: column, width: end - column))
        column = end
      }
      return made
    }
  }

  private func kind(_ cell: Cell) -> Part.Kind {
    switch cell.paper {
    case Self.fieldPaper: .field
    case Self.focusPaper: .focusedField
    case Self.buttonPaper: .button
    default: cell.ink == Self.linkInk ? .link : .text
    }
  }

  private func paperEnd(_ row: Int, _ column: Int) -> Int {
    var end = column
    while end < columns, self[row, end].paper == self[row, column].paper { end += 1 }
    return end
  }

  private func wordsEnd(_ row: Int, _ column: Int) -> Int {
    var (end, last) = (column, column)
    while end < columns, self[row, end].paper == Self.white, end - last < 3 {
      if self[row, end].letter != " " { last = end }
      end += 1
    }
    return last + 1
  }

  /// What the screen calls itself: its first words.
  package var title: String { parts.first { $0.row == 0 }?.text ?? "" }

  /// Each field with the words before it, or over it.
  package var fields: [(label: String, field: Part)] {
    let parts = self.parts
    return parts.filter(\.isField).map { (Self.label(of: $0, among: parts), $0) }
  }

  /// The words before a field, or over it.
  static func label(of field: Part, among parts: [Part]) -> String {
    let before = parts.last { $0.row == field.row && $0.column < field.column && $0.kind == .text }
    let over = parts.last { $0.row == field.row - 1 && $0.column == field.column && $0.kind == .text }
    return (before ?? over)?.text ?? ""
  }

  /// Whether these words stand somewhere as plain text of their own.
  package func shows(_ text: String) -> Bool { parts.contains { $0.kind == .text && $0.text == text } }

  package func first(_ kind: Part.Kind, _ text: String) -> Part? {
    parts.first { $0.kind == kind && $0.text == text }
  }

  /// The part under a place.
  package func part(x: Int, y: Int) -> Part? { parts.first { $0.covers(x: x, y: y) } }
}

extension String {
  /// Without spaces at either end.
  var trimmingSpaces: String {
    guard let first = firstIndex(where: { $0 != " " }), let last = lastIndex(where: { $0 != " " }) else { return "" }
    return String(self[first...last])
  }
}
