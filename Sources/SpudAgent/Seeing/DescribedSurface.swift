package import SpudBrowser
internal import SpudErrors
internal import SpudGuardian

/// A surface that is told in words instead of shown: what an agent has whose eye is another model.
///
/// A description is a line for each part of the screen, in reading order, with what kind of part it is, so nothing of
/// it is held back but places, colours and whatever is no word. A part that is clicked is found again on the screen by
/// its line's number.
package final class DescribedSurface: Surface {
  private let surface: any Surface
  private var centres: [(x: Int, y: Int)] = []
  /// Letters of all descriptions.
  package private(set) var letters = 0

  package init(of surface: any Surface) { self.surface = surface }

  package func begin() throws { try surface.begin() }

  /// The screen as its description has it: a line a part.
  package func look() throws -> Sight {
    let parts = try surface.look().parts
    centres = parts.map(\.centre)
    let text = Self.description(of: parts)
    letters += text.count
    return try Self.sight(of: text)
  }

  package func perform(_ gesture: Gesture) throws {
    func place(_ y: Int) throws -> (x: Int, y: Int) {
      let line = y / LetterReader.height
      guard centres.indices.contains(line) else { throw SpudError(.internal, "the description has no line \(line)") }
      return centres[line]
    }
    switch gesture {
    case .click(_, let y):
      let found = try place(y)
      try surface.perform(.click(x: found.x, y: found.y))
    case .drag(_, let y, _, let toY):
      let (from, to) = (try place(y), try place(toY))
      try surface.perform(.drag(fromX: from.x, fromY: from.y, toX: to.x, toY: to.y))
    case .scroll(_, let y, let by):
      let found = try place(y)
      try surface.perform(.scroll(x: found.x, y: found.y, by: by))
    case .type, .key: try surface.perform(gesture)
    }
  }

  private static let kinds: [(kind: Sight.Part.Kind, name: String, paper: Int, ink: Int)] = [
    (.text, "text", 0xFFFFFF, 0), (.link, "link", 0xFFFFFF, 0x0000CC), (.button, "button", 0xCCCCCC, 0),
    (.field, "field", 0xEEEEEE, 0), (.focusedField, "focused field", 0xFFFFCC, 0),
  ]

  static func description(of parts: [Sight.Part]) -> String {
    parts.map { part in
      let name = kinds.first { $0.kind == part.kind }?.name ?? "text"
      return "\(name): \(part.text)"
    }.joined(separator: "\n")
  }

  /// What a reader of a description takes the screen to be.
  static func sight(of description: String) throws -> Sight {
    let lines = description.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let columns = lines.map(\.count).max() ?? 1
    var cells: [Sight.Cell] = []
    for line in lines {
      let parts = line.split(separator: ": ", maxSplits: 1, omittingEmptySubsequences: false)
      guard let kind = kinds.first(where: { $0.name == parts.first ?? "" }) else {
        throw SpudError(.badData, "a description has the line '\(line)'")
      }
      let isBox = kind.kind != .text && kind.kind != .link
      let letters = Array(parts.count > 1 ? parts[1] : "")
      for column in 0..<columns {
        let letter = column < letters.count ? letters[column] : " "
        // Boxes end somewhere; words go on behind a space.
        let paper = isBox && column < max(letters.count, 1) ? kind.paper : 0xFFFFFF
        cells.append(.init(letter: letter, paper: paper, ink: letter == " " ? paper : kind.ink))
      }
    }
    return Sight(
      columns: columns, rows: lines.count, cells: cells, fingerprint: Fingerprint(of: description))
  }
}
