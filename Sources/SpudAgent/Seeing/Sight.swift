package import SpudBrowser
package import SpudGuardian

/// A screen as letters on a grid, with the colours behind and of them, and its fingerprint.
package struct Sight: Sendable {
  package struct Cell: Sendable, Equatable {
    /// The letter; a replacement where it is none that is known.
    package var letter: Character
    /// The commonest colour of the cell, as 0xRRGGBB.
    package var paper: Int
    /// The other colour; the paper's where the cell is empty.
    package var ink: Int

    package static let unknown: Character = "\u{FFFD}"
  }

  package let columns: Int
  package let rows: Int
  /// Row by row: [rows · columns].
  package let cells: [Cell]
  package let fingerprint: Fingerprint
  /// The pixels, where there are any.
  package let screen: Screen?

  package init(columns: Int, rows: Int, cells: [Cell], fingerprint: Fingerprint, screen: Screen? = nil) {
    precondition(cells.count == columns * rows, "\(cells.count) cells are not \(rows) rows of \(columns)")
    self.columns = columns
    self.rows = rows
    self.cells = cells
    self.fingerprint = fingerprint
    self.screen = screen
  }

  package subscript(row: Int, column: Int) -> Cell { cells[row * columns + column] }
}
