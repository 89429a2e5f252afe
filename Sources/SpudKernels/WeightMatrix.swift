internal import CSpudBlocks
internal import CSpudKernels
internal import SpudErrors
package import SpudTensors

/// A matrix `[rows (outputs), columns (inputs)]`, packed once when a model is loaded into the panels that the kernels
/// stream.
///
/// After loading it is only read. The source bytes are not needed once they are packed.
@safe
package final class WeightMatrix: @unchecked Sendable {
  // `@unchecked`: the buffer is written only while packing, before the matrix is shared.
  package let rows: Int
  package let columns: Int
  package let format: WeightFormat
  let buffer: PageBuffer
  let layout: PanelLayout

  /// Makes a matrix of zeros, to be filled with `pack`.
  package init(rows: Int, columns: Int, format: WeightFormat) throws {
    precondition(rows > 0 && columns > 0, "a matrix cannot be [\(rows), \(columns)]")
    self.rows = rows
    self.columns = columns
    self.format = format
    layout = PanelLayout(format: format, rows: rows, columns: columns)
    buffer = try PageBuffer(
      byteCount: layout.byteCount, for: "a weight matrix [\(rows), \(columns)] in \(format.rawValue)")
  }

  /// Makes a matrix from `[rows, columns]` weights as a file holds them.
  package convenience init(
    _ bytes: RawSpan, encoding: ElementType, rows: Int, columns: Int, format: WeightFormat, compute: Compute
  ) throws {
    try self.init(rows: rows, columns: columns, format: format)
    try pack(bytes, encoding: encoding, firstRow: 0, rows: rows, compute: compute)
  }

  /// Makes a matrix from floats, `[rows, columns]`.
  package convenience init(_ values: [Float], rows: Int, columns: Int, format: WeightFormat, compute: Compute) throws {
    // SAFETY: floats have no padding, and the span outlives the call.
    try unsafe self.init(
      values.span.bytes, encoding: .f32, rows: rows, columns: columns, format: format, compute: compute)
  }

  /// Packs `rows` source rows as rows `firstRow`… of the matrix.
  ///
  /// - Throws: `SpudError` when `bytes` is not exactly `rows` rows of `encoding`.
  package func pack(_ bytes: RawSpan, encoding: ElementType, firstRow: Int, rows: Int, compute: Compute) throws {
    precondition(
      firstRow >= 0 && rows >= 0 && firstRow + rows <= self.rows, "rows \(firstRow) + \(rows) of \(self.rows)")
    try compute.pack(
      bytes, encoding: encoding, columns: columns, rows: rows, into: buffer, layout: layout, panelOffset: 0,
      panelRows: .init(firstRow: firstRow, rowsPerPanel: SPUD_PANEL_ROWS, rowInPanel: 0))
  }

  /// The same from an array.
  package func pack(_ bytes: [UInt8], encoding: ElementType, firstRow: Int, rows: Int, compute: Compute) throws {
    // SAFETY: bytes have no padding, and the span does not outlive the call.
    try unsafe pack(bytes.span.bytes, encoding: encoding, firstRow: firstRow, rows: rows, compute: compute)
  }

  /// Bytes in memory, padding included.
  package var byteCount: Int { layout.byteCount }
}

/// Where the panels of one matrix lie.
struct PanelLayout: Sendable {
  let format: WeightFormat
  let units: Int
  let panelBytes: Int
  let panels: Int

  init(format: WeightFormat, panels: Int, columns: Int) {
    self.format = format
    self.panels = panels
    let unitColumns = Int(spud_unit_columns(format.code))
    units = (columns + unitColumns - 1) / unitColumns
    panelBytes = units * Int(spud_unit_bytes(format.code))
  }

  init(format: WeightFormat, rows: Int, columns: Int) {
    self.init(format: format, panels: (rows + 31) / 32, columns: columns)
  }

  var byteCount: Int { panels * panelBytes }
}

/// Which rows of which panels source rows become: row `r` goes to panel `r / rowsPerPanel`, row `rowInPanel + r %
/// rowsPerPanel`.
struct PanelRows: Sendable {
  let firstRow: Int
  let rowsPerPanel: Int
  let rowInPanel: Int
}

/// Packs source rows into panels, a share of the panels a thread.
@safe
private struct PackTask: ParallelTask {
  let source: UnsafePointer<UInt8>
  let matrices: Int
  let rowBytes: Int
  let encoding: spud_encoding
  let columns: Int
  let rows: Int
  let target: UnsafeMutablePointer<UInt8>
  let layout: PanelLayout
  let panelRows: PanelRows
  let workspaces: UnsafeMutablePointer<Float>

  func run(_ worker: Worker) {
    let first = panelRows.firstRow / panelRows.rowsPerPanel
    let last = (panelRows.firstRow + rows + panelRows.rowsPerPanel - 1) / panelRows.rowsPerPanel
    let panels = last - first
    var populated = 0
    // A share is contiguous in memory, so that no two threads wait for the system to clear the same huge page.
    for item in worker.share(of: matrices * panels) {
      let (matrix, panel) = item.quotientAndRemainder(dividingBy: panels)
      let start = max(panelRows.firstRow, (first + panel) * panelRows.rowsPerPanel)
      let end = min(panelRows.firstRow + rows, (first + panel + 1) * panelRows.rowsPerPanel)
      let row = matrix * rows + start - panelRows.firstRow
      if populated == 0 {
        // The file's pages are mapped about 4 MiB at a time: one call costs less than a fault for every 64 KiB.
        populated = max(1, (4 << 20) / max((end - start) * rowBytes, 1))
        unsafe spud_populate(source + row * rowBytes, min(populated * (end - start), matrices * rows - row) * rowBytes)
      }
      populated -= 1
      // SAFETY: `pack` checked that the source has `rows` rows and that the panels lie inside the target.
      unsafe spud_pack_rows(
        layout.format.code, target + matrix * layout.byteCount + (first + panel) * layout.panelBytes,
        Int64(panelRows.rowInPanel + start % panelRows.rowsPerPanel), encoding,
        source + row * rowBytes, Int64(end - start), Int64(columns),
        workspaces + worker.index * columns)
    }
  }
}

extension Compute {
  /// Packs `matrices` matrices of `rows` rows, one after another, into panels from byte `panelOffset` of `buffer`.
  func pack(
    _ bytes: RawSpan, encoding: ElementType, columns: Int, rows: Int, into buffer: PageBuffer, layout: PanelLayout,
    panelOffset: Int, panelRows: PanelRows, matrices: Int = 1
  ) throws {
    guard let rowBytes = encoding.rowBytes(columns: columns) else {
      throw SpudError(
        .badData, "A row of \(columns) weights cannot be stored as \(encoding.rawValue), whose blocks are larger.")
    }
    guard bytes.byteCount == matrices * rows * rowBytes else {
      throw SpudError(
        .badData,
        "\(matrices * rows) rows of \(columns) weights in \(encoding.rawValue) take "
          + "\(matrices * rows * rowBytes) bytes, "
          + "but \(bytes.byteCount) were found."
      )
    }
    guard layout.format.isGeneral || layout.format.elementType == encoding else {
      let choices = WeightFormat.general.map(\.rawValue).joined(separator: ", ")
      throw SpudError(
        .badData,
        "Weights in \(encoding.rawValue) cannot be held in \(layout.format.rawValue), which takes a file's blocks as "
          + "they are; they can in \(choices).")
    }
    precondition(
      panelOffset >= 0 && panelOffset + matrices * layout.byteCount <= buffer.byteCount, "panels beyond their buffer")
    guard rows > 0 else { return }
    let workspaces = unsafe workspace.packing.floats(columns * pool.count)
    unsafe bytes.withUnsafeBytes { raw in
      guard let base = raw.baseAddress else { return }
      let task = unsafe PackTask(
        source: base.assumingMemoryBound(to: UInt8.self), matrices: matrices, rowBytes: rowBytes,
        encoding: encoding.code, columns: columns,
        rows: rows,
        target: buffer.base.assumingMemoryBound(to: UInt8.self) + panelOffset, layout: layout, panelRows: panelRows,
        workspaces: workspaces)
      pool.run(task)
    }
  }
}
