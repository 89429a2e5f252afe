package import SpudBrowser
internal import SpudErrors
internal import SpudGuardian
internal import SpudMedia

/// Reads letters of a bitmap font from pixels: a letter fills a cell of a grid, and each looks different.
///
/// What letters look like is learned from a page that shows each once, drawn by the browser that is read later.
package struct LetterReader: Sendable {
  package static let width = 8, height = 16
  /// Printable ASCII, without the space.
  static let letters = (33..<127).map { Character(Unicode.Scalar(UInt8($0))) }

  /// Which pixels of a cell are ink, a bit a pixel, and the letter.
  private let table: [Pattern: Character]

  private struct Pattern: Hashable {
    var high: UInt64 = 0
    var low: UInt64 = 0
  }

  /// The page that shows each letter, 32 a row.
  package static var page: String {
    let rows = stride(from: 0, to: letters.count, by: 32).map { first in
      letters[first..<min(first + 32, letters.count)].map { letter in
        switch letter {
        case "&": "&amp;"
        case "<": "&lt;"
        default: String(letter)
        }
      }.joined()
    }
    return """
      <!doctype html><meta charset=utf-8><style>body { margin: 0; background: #fff }
      pre { font: 16px/16px Unifont; margin: 0 }</style><pre>\(rows.joined(separator: "\n"))</pre>
      """
  }

  /// Learns from a screen of `page`.
  /// - Throws: `unavailable` where two letters look alike: the font is not the one that is needed.
  package init(learningFrom screen: Screen) throws {
    var table: [Pattern: Character] = [:]
    for (number, letter) in Self.letters.enumerated() {
      let (_, _, pattern) = Self.look(screen, row: number / 32, column: number % 32)
      guard table.updateValue(letter, forKey: pattern) == nil, pattern != Pattern() else {
        throw SpudError(
          .unavailable, "GNU Unifont is not drawn as it should be ('\(letter)' is like another): Scripts/install agent")
      }
    }
    self.table = table
  }

  /// Reads a screen.
  /// - Complexity: O(pixels).
  package func read(_ screen: Screen) -> Sight {
    let (columns, rows) = (screen.width / Self.width, screen.height / Self.height)
    var cells: [Sight.Cell] = []
    cells.reserveCapacity(columns * rows)
    for row in 0..<rows {
      for column in 0..<columns {
        let (paper, ink, pattern) = Self.look(screen, row: row, column: column)
        let letter = pattern == Pattern() ? " " : table[pattern] ?? Sight.Cell.unknown
        cells.append(Sight.Cell(letter: letter, paper: paper, ink: ink))
      }
    }
    return Sight(
      columns: columns, rows: rows, cells: cells, fingerprint: Fingerprint(of: screen.image.pixels), screen: screen)
  }

  /// The colour of a cell's paper, which is that of its upper left pixel (no letter begins there), the ink's, and which
  /// pixels are ink.
  private static func look(_ screen: Screen, row: Int, column: Int) -> (paper: Int, ink: Int, pattern: Pattern) {
    let pixels = screen.image.pixels.span
    func colour(_ place: Int) -> Int { Int(pixels[place]) << 16 | Int(pixels[place + 1]) << 8 | Int(pixels[place + 2]) }
    let start = (row * height * screen.width + column * width) * 3
    let paper = colour(start)
    var (ink, pattern) = (paper, Pattern())
    for y in 0..<height {
      for x in 0..<width {
        let found = colour(start + (y * screen.width + x) * 3)
        guard found != paper else { continue }
        ink = found
        let bit = y * width + x
        if bit < 64 { pattern.high |= 1 << UInt64(bit) } else { pattern.low |= 1 << UInt64(bit - 64) }
      }
    }
    return (paper, ink, pattern)
  }
}
