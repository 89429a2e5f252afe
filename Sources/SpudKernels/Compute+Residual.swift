internal import CSpudKernels

/// Products whose inputs keep more than 8 bits.
extension Compute {
  /// output[t, r] = Σ_c x[t, c] · matrix[r, c], as `multiply`, but where inputs become bytes, what rounding leaves of
  /// them is rounded and multiplied too: 15 bits of each input count (16 in tiles, where they become bfloat16).
  ///
  /// For the head: its rounding goes straight into the logits, and a second row for each token costs a decoder next to
  /// nothing, for the weights are read once.
  ///
  /// - Parameter marks: Of each row; nil is that all were read.
  package func multiplyWithResidual(
    _ x: Activations, by matrix: WeightMatrix, marks: RowMarks? = nil, into output: Activations
  ) {
    guard matrix.format != .f32, matrix.format != .bf16, matrix.format != .f16, x.rows > 0 else {
      return multiply(x, by: matrix, marks: marks, into: output)
    }
    let tiles = usesTiles(matrix.format) ? Tiles(marks) : nil
    let rows = x.rows
    guard rows <= Self.rowsReadOnce else {
      // The same sums, without twice the room for them.
      let residuals = Activations(rows: rows, columns: x.columns)
      for row in 0..<rows {
        unsafe writeResidual(of: x, row: row, tiles, to: residuals.base + row * x.stride)
      }
      multiply(x, by: matrix, marks: marks, into: output)
      return multiply(residuals, by: matrix, marks: marks, addingInto: output)
    }
    x.resize(rows: 2 * rows)
    for row in 0..<rows { unsafe writeResidual(of: x, row: row, tiles, to: x.base + (rows + row) * x.stride) }
    multiply(x, by: matrix, marks: marks.map { RowMarks(isWritten: $0.isWritten + $0.isWritten) }, into: output)
    for row in 0..<rows {
      unsafe kernels.pointee.add(
        output.base + (rows + row) * output.stride, Int64(output.columns), output.base + row * output.stride)
    }
    x.resize(rows: rows)
    output.resize(rows: rows)
  }

  /// Up to so many rows the weights are read once for rows and residuals.
  private static var rowsReadOnce: Int { 16 }

  private func writeResidual(of x: Activations, row: Int, _ tiles: Tiles?, to residual: UnsafeMutablePointer<Float>) {
    if tiles?.takes(row: row) ?? false {
      // SAFETY: both rows hold `columns` values.
      for column in 0..<x.columns {
        let value = unsafe x.base[row * x.stride + column]
        unsafe residual[column] = value - spud_float_from_bf16(spud_bf16(value))
      }
      return
    }
    let blocks = (x.columns + SPUD_BLOCK - 1) / SPUD_BLOCK
    unsafe withUnsafeTemporaryAllocation(of: spud_block.self, capacity: blocks) { rounded in
      guard let start = rounded.baseAddress else { return }
      // SAFETY: rows are padded to whole blocks, and there is room for as many.
      let values = unsafe x.base + row * x.stride
      unsafe kernels.pointee.prepare(
        SPUD_Q8_0, values, Int64(x.columns), UnsafeMutableRawPointer(start).assumingMemoryBound(to: UInt8.self))
      for column in 0..<x.columns {
        let block = unsafe rounded[column / SPUD_BLOCK]
        let quant = unsafe withUnsafeBytes(of: block.quants) { unsafe Float(Int8(bitPattern: $0[column % SPUD_BLOCK])) }
        unsafe residual[column] = values[column] - (block.scales.0 + block.scales.1) * quant
      }
    }
  }
}
