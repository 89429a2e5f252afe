internal import CSpudBlocks
internal import CSpudKernels
package import SpudTensors

/// A matrix whose rows are looked up.
package enum RowSource: Sendable {
  /// It is multiplied by as well.
  case packed(WeightMatrix)
  /// It stays in its file: nothing is packed, and memory holds no copy.
  case stored(StoredRows)

  package var rows: Int {
    switch self {
    case .packed(let matrix): matrix.rows
    case .stored(let stored): stored.rows
    }
  }

  package var columns: Int {
    switch self {
    case .packed(let matrix): matrix.columns
    case .stored(let stored): stored.columns
    }
  }

  /// Bytes in memory, or in the file.
  package var byteCount: Int {
    switch self {
    case .packed(let matrix): matrix.byteCount
    case .stored(let stored): stored.range.count
    }
  }
}

/// A matrix `[rows, columns]` as a file holds it.
package struct StoredRows: Sendable {
  package let rows: Int
  package let columns: Int
  let file: MappedFile
  let range: Range<Int>
  let encoding: ElementType
  let rowBytes: Int

  /// Nil when the range does not hold exactly so many rows of whole blocks of weights.
  package init?(_ file: MappedFile, at range: Range<Int>, encoding: ElementType, rows: Int, columns: Int) {
    guard ElementType.readable.contains(encoding), let rowBytes = encoding.rowBytes(columns: columns),
      range.count == rows * rowBytes, range.lowerBound >= 0, range.upperBound <= file.byteCount
    else { return nil }
    self.file = file
    self.range = range
    self.encoding = encoding
    self.rowBytes = rowBytes
    self.rows = rows
    self.columns = columns
  }

  /// Hands the rows to `body`, for packing into panels of `layout`.
  ///
  /// - Parameters:
  ///   - layout: Of the panels.
  ///   - panelRows: Which of their rows these become; nil is all of them.
  ///   - body: Packs.
  @unsafe
  func withPanels(_ layout: PanelLayout, panelRows: PanelRows? = nil, _ body: (PanelSource) -> Void) {
    unsafe file.withUnsafeBytes(in: range) { bytes in
      guard let base = bytes.baseAddress else { return }
      // SAFETY: the range is whole rows inside the file, which lives as long as this.
      unsafe body(
        PanelSource(
          base: base.assumingMemoryBound(to: UInt8.self), rowBytes: rowBytes, encoding: encoding.code, columns: columns,
          rows: rows, layout: layout,
          panelRows: panelRows ?? PanelRows(firstRow: 0, rowsPerPanel: SPUD_PANEL_ROWS, rowInPanel: 0)))
    }
  }

  /// Writes a row as floats.
  ///
  /// - Parameters:
  ///   - row: Below `rows`.
  ///   - output: Room for `columns` floats.
  @unsafe
  func decode(_ row: Int, into output: UnsafeMutablePointer<Float>) {
    let start = range.lowerBound + row * rowBytes
    unsafe file.withUnsafeBytes(in: start..<start + rowBytes) { bytes in
      guard let base = bytes.baseAddress else { return }
      // SAFETY: the row is whole blocks inside the file, which lives as long as this.
      unsafe spud_decode_row(encoding.code, base.assumingMemoryBound(to: UInt8.self), Int64(columns), output)
    }
  }
}
