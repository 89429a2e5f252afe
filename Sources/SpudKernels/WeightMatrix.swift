internal import CSpudBlocks
internal import CSpudKernels
internal import SpudErrors
package import SpudTensors

/// A matrix `[rows (outputs), columns (inputs)]` in the panels that the kernels stream, packed once: when a model is
/// loaded, or when the matrix is multiplied by for the second time. For the first time a few panels are packed at once,
/// multiplied by and forgotten, so that a model answers before its memory is filled.
///
/// The source bytes are not needed once they are packed.
@safe
package final class WeightMatrix: @unchecked Sendable {
  // `@unchecked`: it is written while packing only, by the one thread that uses its `Compute`.
  package let rows: Int
  package let columns: Int
  package let format: WeightFormat
  let buffer: PageBuffer
  let layout: PanelLayout
  /// Where a file holds the rows, as long as they are not packed.
  private(set) var source: StoredRows?
  /// Whether it was multiplied by.
  private var isKnown = false

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

  /// Makes a matrix of rows that stay in their file until they are needed for the second time.
  ///
  /// - Returns: Nil when panels of `format` cannot be made of the file's blocks.
  package convenience init?(_ source: StoredRows, format: WeightFormat) throws {
    guard format.isGeneral || format.elementType == source.encoding else { return nil }
    try self.init(rows: source.rows, columns: source.columns, format: format)
    self.source = source
  }

  /// Multiplies by the matrix soon.
  ///
  /// - Returns: Where the rows are, if they are to be packed on the way.
  func meet(_ compute: Compute) -> StoredRows? {
    if let source, !isKnown, compute.backend == .native {
      isKnown = true
      source.file.advise(.willNeed, source.range)
      return source
    }
    compute.packAhead(self)
    return nil
  }

  /// Whether the file's rows are the very values that the panels hold.
  var holdsFileValues: Bool { source.map { $0.encoding == format.elementType && format != .mxfp4 } ?? false }

  /// The rows that are to be packed now, for good.
  func takeSource() -> StoredRows? { source.take() }

  /// Bytes of memory that the panels will take.
  package var bytesToCome: Int { source == nil ? 0 : byteCount }

  /// Packs `rows` source rows as rows `firstRow`… of the matrix.
  ///
  /// - Throws: `SpudError` when `bytes` is not exactly `rows` rows of `encoding`.
  package func pack(_ bytes: RawSpan, encoding: ElementType, firstRow: Int, rows: Int, compute: Compute) throws {
    precondition(
      firstRow >= 0 && rows >= 0 && firstRow + rows <= self.rows, "rows \(firstRow) + \(rows) of \(self.rows)")
    // SAFETY: the buffer holds the layout's panels.
    try unsafe compute.pack(
      bytes, encoding: encoding, columns: columns, rows: rows,
      into: buffer.base.assumingMemoryBound(to: UInt8.self), layout: layout,
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
