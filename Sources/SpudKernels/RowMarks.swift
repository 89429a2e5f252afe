internal import CSpudKernels

/// Which rows of a batch were read, and which written, where the two are multiplied by kernels of their own.
///
/// Tiles are fast for many rows and slow for few, and round otherwise than vectors. So which of them a row goes through
/// must not depend on how many rows there are: rows that were read, as prompts are, go through tiles, and those that
/// were written, one at a time, through vectors.
package struct RowMarks: Sendable {
  package let isWritten: [Bool]
  /// The rows that were read, then those that were written, each sorted ascending.
  let order: [Int32]
  let readCount: Int
  package var count: Int { isWritten.count }

  package init(isWritten: [Bool]) {
    self.isWritten = isWritten
    let rows = isWritten.indices
    order = (rows.filter { !isWritten[$0] } + rows.filter { isWritten[$0] }).map(Int32.init)
    readCount = isWritten.count { !$0 }
  }

  /// The marks of some rows alone.
  package func selecting(_ rows: [Int]) -> RowMarks { RowMarks(isWritten: rows.map { isWritten[$0] }) }
}

extension Compute {
  /// Whether rows that were read are multiplied otherwise than those that were written; else marks change nothing.
  package var tellsMarksApart: Bool { unsafe kernels.pointee.product_of_read != nil }

  /// Whether rows that were read go through tiles where the weights are of `format`.
  func usesTiles(_ format: WeightFormat) -> Bool { tellsMarksApart && format != .f32 && format != .f16 }

  /// Bytes from one row of `columns` inputs to the next, whatever their marks are.
  func inputStride(_ format: WeightFormat, columns: Int) -> Int {
    let bytes = inputBytes(format, columns: columns)
    return usesTiles(format) ? max(bytes, Int(spud_read_input_bytes(Int64(columns)))) : bytes
  }

  /// Rows that a tile may read behind the last one.
  static var rowsBehind: Int { 16 }

  /// Room for each worker to bring rows together.
  func gatheredRows(stride: Int) -> UnsafeMutablePointer<UInt8> {
    unsafe workspace.gathered.bytes(pool.count * Tiles.gatheredRows * stride).assumingMemoryBound(to: UInt8.self)
  }
}

/// Products of rows, some of which go through tiles.
@safe
struct Tiles {
  /// Nil is that all were read.
  let marks: RowMarks?
  /// `[workers, gatheredRows]` input rows.
  var gathered: UnsafeMutablePointer<UInt8>?

  static var gatheredRows: Int { SPUD_READ_ROWS }

  init(_ marks: RowMarks?) {
    self.marks = marks
    unsafe gathered = nil
  }

  /// Whether a row of the batch was read.
  func takes(row: Int) -> Bool { !(marks?.isWritten[row] ?? false) }

  /// Does the first `readCount` rows of a product in tiles, and the others in vectors.
  func run(_ product: spud_product, readCount: Int, kernels: UnsafePointer<spud_kernels>, worker: Worker) {
    // SAFETY: callers checked the shapes; the parts' rows are the product's.
    var part = unsafe product
    if readCount > 0, let multiply = unsafe kernels.pointee.product_of_read {
      unsafe part.rows = Int64(readCount)
      unsafe part.gathered = gathered.map { unsafe $0 + worker.index * Self.gatheredRows * product.input_stride }
      unsafe multiply(&part)
    }
    guard unsafe readCount < Int(product.rows) else { return }
    unsafe part.rows = product.rows - Int64(readCount)
    if let rows = unsafe product.input_rows {
      unsafe part.input_rows = rows + readCount
    } else {
      unsafe part.input = product.input + readCount * product.input_stride
    }
    if let rows = unsafe product.output_rows {
      unsafe part.output_rows = rows + readCount
    } else {
      unsafe part.output = product.output + readCount * product.output_stride
    }
    unsafe part.factors = product.factors.map { unsafe $0 + readCount }
    unsafe kernels.pointee.product(&part)
  }
}
