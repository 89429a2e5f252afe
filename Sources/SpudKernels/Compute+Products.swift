internal import COpenBLAS
internal import CSpudKernels

/// Products of inputs with matrices.
extension Compute {
  /// output[t, r] = Σ_c x[t, c] · matrix[r, c] (+ bias[r]).
  package func multiply(
    _ x: Activations, by matrix: WeightMatrix, bias: [Float]? = nil, marks: RowMarks? = nil, into output: Activations
  ) {
    multiply(x, by: [matrix], biases: [bias], marks: marks, into: [output], adding: false)
  }

  /// output[t, r] += Σ_c x[t, c] · matrix[r, c] (+ bias[r]): the residual sum costs no pass of its own.
  package func multiply(
    _ x: Activations, by matrix: WeightMatrix, bias: [Float]? = nil, marks: RowMarks? = nil,
    addingInto output: Activations
  ) {
    multiply(x, by: [matrix], biases: [bias], marks: marks, into: [output], adding: true)
  }

  /// Several matrices times the same input, as queries, keys and values are: the input is prepared once.
  ///
  /// The matrices' formats take inputs of one kind. One task, two synchronizations.
  ///
  /// - Parameter marks: Of each row; nil is that all were read.
  package func multiply(
    _ x: Activations, by matrices: [WeightMatrix], biases: [[Float]?]? = nil, marks: RowMarks? = nil,
    into outputs: [Activations], adding: Bool = false
  ) {
    precondition(marks == nil || marks?.count == x.rows, "\(marks?.count ?? 0) marks for \(x.rows) rows")
    precondition(matrices.count == outputs.count, "\(matrices.count) matrices into \(outputs.count) outputs")
    precondition(biases == nil || biases?.count == matrices.count, "a bias, or nil, for each matrix")
    guard let format = matrices.first?.format.inputFormat else { return }
    var task = unsafe ProductTask(
      kernels: kernels, x: x, format: format, inputStride: inputStride(format, columns: x.columns), prepared: nil,
      sums: nil, isBLAS: backend == .blas && format == .f32,
      tiles: usesTiles(format) ? Tiles(marks) : nil)
    for (index, matrix) in matrices.enumerated() {
      let output = outputs[index]
      let bias = biases?[index]
      precondition(matrix.columns == x.columns, "inputs of \(x.columns) columns times a matrix of \(matrix.columns)")
      precondition(matrix.rows == output.columns, "a matrix of \(matrix.rows) rows into \(output.columns) columns")
      precondition(bias == nil || bias?.count == matrix.rows, "a bias of \(bias?.count ?? 0) for \(matrix.rows) rows")
      precondition(!adding || output.rows == x.rows, "adding \(x.rows) rows to \(output.rows)")
      if matrix.format.inputFormat != format {
        // Mixed files exist (one tensor of another type): such matrices go one at a time.
        for (index, matrix) in matrices.enumerated() {
          multiply(x, by: [matrix], biases: [biases?[index]], marks: marks, into: [outputs[index]], adding: adding)
        }
        return
      }
      output.resize(rows: x.rows)
      task.jobs.append(ProductJob(matrix: matrix, bias: bias, output: output))
    }
    guard x.rows > 0 else { return }
    task.isAdding = adding
    if format != .f32 {
      unsafe task.prepared = workspace.inputs.bytes((x.rows + Self.rowsBehind) * task.inputStride)
        .assumingMemoryBound(to: UInt8.self)
    }
    unsafe task.sums = workspace.sums.floats(pool.count * Compute.sumsPerWorker)
    unsafe task.tiles?.gathered = gatheredRows(stride: task.inputStride)
    let work = x.rows * x.columns * matrices.reduce(0) { $0 + $1.rows }
    pool.run(task, alone: work < Compute.smallWork)
  }

  /// Floats that one worker needs for the sums of a block of rows over one panel.
  static var sumsPerWorker: Int { max(SPUD_ROW_BLOCK, SPUD_READ_ROWS) * SPUD_PANEL_ROWS }
}

private struct ProductJob {
  let matrix: WeightMatrix
  let bias: [Float]?
  let output: Activations
}

@safe
private struct ProductTask: ParallelTask {
  let kernels: UnsafePointer<spud_kernels>
  let x: Activations
  let format: WeightFormat
  let inputStride: Int
  var prepared: UnsafeMutablePointer<UInt8>?
  var sums: UnsafeMutablePointer<Float>?
  let isBLAS: Bool
  var tiles: Tiles?
  var isAdding = false
  var jobs: [ProductJob] = []

  func run(_ worker: Worker) {
    if let prepared = unsafe prepared {
      unsafe prepareRows(
        x, format: format, stride: inputStride, into: prepared, tiles: tiles, kernels: kernels, worker: worker)
      worker.barrier()
    }
    guard x.rows >= 32 else {
      // Few rows: one contiguous stream of weights for each thread.
      for job in jobs { multiply(job, worker.share(of: job.matrix.layout.panels), worker) }
      return
    }
    // Many rows: threads take chunks in turn, so that one that is held up does not hold up the others.
    let total = jobs.reduce(0) { $0 + $1.matrix.layout.panels }
    let size = max(2, total / (worker.count * 8))
    while var chunk = worker.takeChunk(of: total, size: size) {
      var first = 0
      for job in jobs {
        let end = first + job.matrix.layout.panels
        if chunk.lowerBound < end {
          let part = chunk.lowerBound - first..<min(chunk.upperBound, end) - first
          multiply(job, part, worker)
          if chunk.upperBound <= end { break }
          chunk = end..<chunk.upperBound
        }
        first = end
      }
    }
  }

  private func multiply(_ job: ProductJob, _ panels: Range<Int>, _ worker: Worker) {
    guard !panels.isEmpty else { return }
    if isBLAS { return multiplyWithBLAS(job, panels) }
    let layout = job.matrix.layout
    var product = unsafe spud_product()
    unsafe product.panels = UnsafePointer(job.matrix.buffer.base.assumingMemoryBound(to: UInt8.self))
    unsafe product.panel_bytes = layout.panelBytes
    unsafe product.first_panel = Int64(panels.lowerBound)
    unsafe product.last_panel = Int64(panels.upperBound)
    unsafe product.units = Int64(layout.units)
    unsafe product.columns_out = Int64(job.matrix.rows)
    if let prepared = unsafe prepared {
      unsafe product.input = UnsafePointer(prepared)
      unsafe product.input_stride = inputStride
    } else {
      // Rows of floats need no preparing: they are padded already.
      unsafe product.input = UnsafeRawPointer(x.base).assumingMemoryBound(to: UInt8.self)
      unsafe product.input_stride = x.stride * 4
    }
    unsafe product.rows = Int64(x.rows)
    unsafe product.output = job.output.base
    unsafe product.output_stride = job.output.stride
    unsafe product.workspace = sums.map { unsafe $0 + worker.index * Compute.sumsPerWorker }
    unsafe product.format = job.matrix.format.code
    unsafe product.epilogue = isAdding ? SPUD_ADD : SPUD_STORE
    if let bias = job.bias {
      unsafe bias.withUnsafeBufferPointer { bias in
        unsafe product.bias = bias.baseAddress
        unsafe run(&product, worker)
      }
    } else {
      unsafe run(&product, worker)
    }
  }

  private func run(_ product: inout spud_product, _ worker: Worker) {
    guard let tiles else {
      // SAFETY: `Compute.multiply` checked every shape.
      unsafe kernels.pointee.product(&product)
      return
    }
    guard let marks = tiles.marks, marks.readCount > 0, marks.readCount < marks.count else {
      let isWritten = tiles.marks?.readCount == 0
      return unsafe tiles.run(product, readCount: isWritten ? 0 : x.rows, kernels: kernels, worker: worker)
    }
    unsafe marks.order.withUnsafeBufferPointer { order in
      unsafe product.input_rows = order.baseAddress
      unsafe product.output_rows = order.baseAddress
      unsafe tiles.run(product, readCount: marks.readCount, kernels: kernels, worker: worker)
    }
  }

  /// A panel of f32 weights is a column-major `[32, columns]` matrix: one `sgemm` a panel.
  private func multiplyWithBLAS(_ job: ProductJob, _ panels: Range<Int>) {
    let layout = job.matrix.layout
    for panel in panels {
      let weights = unsafe (job.matrix.buffer.base + panel * layout.panelBytes).assumingMemoryBound(to: Float.self)
      let width = min(32, job.matrix.rows - panel * 32)
      let output = unsafe job.output.base + panel * 32
      // SAFETY: `Compute.multiply` checked every shape; `width` keeps the last panel inside the output.
      unsafe cblas_sgemm(
        CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(x.rows), Int32(width), Int32(x.columns), 1, x.base,
        Int32(x.stride),
        weights, 32, isAdding ? 1 : 0, output, Int32(job.output.stride))
      guard let bias = job.bias else { continue }
      for row in 0..<x.rows {
        for column in 0..<width { unsafe output[row * job.output.stride + column] += bias[panel * 32 + column] }
      }
    }
  }
}

/// Prepares this worker's share of the rows of `x` as inputs of `format`, or for the tiles where they were read.
func prepareRows(
  _ x: Activations, format: WeightFormat, stride: Int, into prepared: UnsafeMutablePointer<UInt8>, tiles: Tiles?,
  kernels: UnsafePointer<spud_kernels>, worker: Worker
) {
  for row in worker.share(of: x.rows) {
    unsafe prepareRow(
      x.base + row * x.stride, columns: x.columns, format: format, isForTiles: tiles?.takes(row: row) ?? false,
      into: prepared + row * stride, kernels: kernels)
  }
}

/// Prepares `columns` floats, padded with zeros to a multiple of 32, as an input for weights of `format`.
func prepareRow(
  _ row: UnsafePointer<Float>, columns: Int, format: WeightFormat, isForTiles: Bool,
  into prepared: UnsafeMutablePointer<UInt8>, kernels: UnsafePointer<spud_kernels>
) {
  // SAFETY: callers give room for `inputStride` of the format.
  if isForTiles, let prepare = unsafe kernels.pointee.prepare_of_read {
    unsafe prepare(format.code, row, Int64(columns), prepared)
  } else {
    unsafe kernels.pointee.prepare(format.code, row, Int64(columns), prepared)
  }
}
