internal import COpenBLAS
internal import CSpudKernels
internal import SpudTensors

/// Products of inputs with matrices.
extension Compute {
  /// output[t, r] = Σ_c x[t, c] · matrix[r, c] (+ bias[r]).
  package func multiply(
    _ x: Activations, by matrix: WeightMatrix, bias: [Float]? = nil, marks: RowMarks? = nil, into output: Activations
  ) {
    multiply(x, job(x, by: matrix, bias: bias, into: output), format: matrix.format.inputFormat, marks: marks)
  }

  /// output[t, r] += Σ_c x[t, c] · matrix[r, c] (+ bias[r]): the residual sum costs no pass of its own.
  package func multiply(
    _ x: Activations, by matrix: WeightMatrix, bias: [Float]? = nil, marks: RowMarks? = nil,
    addingInto output: Activations
  ) {
    precondition(output.rows == x.rows, "adding \(x.rows) rows to \(output.rows)")
    multiply(
      x, job(x, by: matrix, bias: bias, into: output), format: matrix.format.inputFormat, marks: marks, isAdding: true)
  }

  /// Several matrices times the same input, as queries, keys and values are: the input is prepared once, and there is
  /// one task with two synchronizations, where the matrices' formats take inputs of one kind.
  ///
  /// - Parameter marks: Of each row; nil is that all were read.
  package func multiply(
    _ x: Activations, by matrices: [WeightMatrix], biases: [[Float]?]? = nil, marks: RowMarks? = nil,
    into outputs: [Activations]
  ) {
    precondition(matrices.count == outputs.count, "\(matrices.count) matrices into \(outputs.count) outputs")
    precondition(biases == nil || biases?.count == matrices.count, "a bias, or nil, for each matrix")
    guard let format = matrices.first?.format.inputFormat else { return }
    guard matrices.allSatisfy({ $0.format.inputFormat == format }) else {
      // Mixed files exist (one tensor of another type): such matrices go one at a time.
      for (index, matrix) in matrices.enumerated() {
        multiply(x, by: matrix, bias: biases?[index], marks: marks, into: outputs[index])
      }
      return
    }
    var others: [ProductJob] = []
    others.reserveCapacity(matrices.count)
    for index in 1..<matrices.count {
      others.append(job(x, by: matrices[index], bias: biases?[index], into: outputs[index]))
    }
    let first = job(x, by: matrices[0], bias: biases?[0], into: outputs[0])
    multiply(x, first, others, format: format, marks: marks)
  }

  private func job(_ x: Activations, by matrix: WeightMatrix, bias: [Float]?, into output: Activations) -> ProductJob {
    precondition(matrix.columns == x.columns, "inputs of \(x.columns) columns times a matrix of \(matrix.columns)")
    precondition(matrix.rows == output.columns, "a matrix of \(matrix.rows) rows into \(output.columns) columns")
    precondition(bias == nil || bias?.count == matrix.rows, "a bias of \(bias?.count ?? 0) for \(matrix.rows) rows")
    output.resize(rows: x.rows)
    return unsafe ProductJob(
      panels: matrix.buffer.base.assumingMemoryBound(to: UInt8.self), source: matrix.meet(self),
      layout: matrix.layout, rows: matrix.rows, bias: bias, output: output.base, outputStride: output.stride)
  }

  private func multiply(
    _ x: Activations, _ first: ProductJob, _ others: [ProductJob] = [], format: WeightFormat, marks: RowMarks?,
    isAdding: Bool = false
  ) {
    precondition(marks == nil || marks?.count == x.rows, "\(marks?.count ?? 0) marks for \(x.rows) rows")
    guard x.rows > 0 else { return }
    let inputStride = inputStride(format, columns: x.columns)
    var task = unsafe ProductTask(
      x: x.view, kernels: kernels, format: format, inputStride: inputStride, isBLAS: backend == .blas && format == .f32,
      isAdding: isAdding, sums: workspace.sums.floats(pool.count * Compute.sumsPerWorker),
      tiles: usesTiles(format) ? Tiles(marks) : nil, first: first, others: others)
    if format != .f32 {
      unsafe task.prepared = workspace.inputs.bytes((x.rows + Self.rowsBehind) * inputStride)
        .assumingMemoryBound(to: UInt8.self)
    }
    unsafe task.tiles?.gathered = gatheredRows(stride: inputStride)
    if first.source != nil || others.contains(where: { $0.source != nil }) {
      task.passingBytes = PassingPanels.most * others.reduce(first.layout.panelBytes) { max($0, $1.layout.panelBytes) }
      unsafe task.passing = workspace.passing.bytes(pool.count * task.passingBytes)
        .assumingMemoryBound(to: UInt8.self)
      unsafe task.packing = workspace.packing.floats(pool.count * x.columns)
    }
    let work = x.rows * x.columns * others.reduce(first.rows) { $0 + $1.rows }
    pool.run(task, alone: work < Compute.smallWork)
    first.forgetSource()
    for job in others { job.forgetSource() }
  }

  /// Floats that one worker needs for the sums of a block of rows over one panel, and beside them.
  static var sumsPerWorker: Int { max(SPUD_ROW_BLOCK * SPUD_PANEL_ROWS, SPUD_READ_WORKSPACE) }
}

/// A matrix and its output, which the caller of `multiply` keeps alive.
@safe
private struct ProductJob {
  let panels: UnsafeMutablePointer<UInt8>
  /// Where the rows are, if the panels are not there yet.
  let source: StoredRows?
  let layout: PanelLayout
  let rows: Int
  let bias: [Float]?
  let output: UnsafeMutablePointer<Float>
  let outputStride: Int

  func forgetSource() {
    if let source { source.file.advise(.drop, source.range) }
  }
}

@safe
private struct ProductTask: ParallelTask, ~Copyable {
  let x: ActivationRows
  let kernels: UnsafePointer<spud_kernels>
  let format: WeightFormat
  let inputStride: Int
  let isBLAS: Bool
  let isAdding: Bool
  let sums: UnsafeMutablePointer<Float>
  var prepared: UnsafeMutablePointer<UInt8>?
  var tiles: Tiles?
  /// Most products have one matrix, of which no thread then reads in another's heap.
  let first: ProductJob
  let others: [ProductJob]
  /// Room for each worker to pack panels that are multiplied by on the way.
  var passing: UnsafeMutablePointer<UInt8>?
  var passingBytes = 0
  var packing: UnsafeMutablePointer<Float>?

  func run(_ worker: Worker) {
    if let prepared = unsafe prepared {
      unsafe prepareRows(
        x, format: format, stride: inputStride, into: prepared, tiles: tiles, kernels: kernels, worker: worker)
      worker.barrier()
    }
    guard x.rows >= 32 else {
      // Few rows: one contiguous stream of weights for each thread.
      multiply(first, worker.share(of: first.layout.panels), worker)
      for job in others { multiply(job, worker.share(of: job.layout.panels), worker) }
      return
    }
    // Many rows: threads take chunks in turn, so that one that is held up does not hold up the others.
    let jobs = [first] + others
    let total = jobs.reduce(0) { $0 + $1.layout.panels }
    let size = max(2, total / (worker.count * 8))
    while var chunk = worker.takeChunk(of: total, size: size) {
      var first = 0
      for job in jobs {
        let end = first + job.layout.panels
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
    let layout = job.layout
    var product = unsafe spud_product()
    unsafe product.panels = UnsafePointer(job.panels)
    unsafe product.panel_bytes = layout.panelBytes
    unsafe product.units = Int64(layout.units)
    unsafe product.columns_out = Int64(job.rows)
    if let prepared = unsafe prepared {
      unsafe product.input = UnsafePointer(prepared)
      unsafe product.input_stride = inputStride
    } else {
      // Rows of floats need no preparing: they are padded already.
      unsafe product.input = UnsafeRawPointer(x.base).assumingMemoryBound(to: UInt8.self)
      unsafe product.input_stride = x.stride * 4
    }
    unsafe product.rows = Int64(x.rows)
    unsafe product.output = job.output
    unsafe product.output_stride = job.outputStride
    unsafe product.workspace = sums + worker.index * Compute.sumsPerWorker
    unsafe product.format = layout.format.code
    unsafe product.epilogue = isAdding ? SPUD_ADD : SPUD_STORE
    if let bias = job.bias {
      unsafe bias.withUnsafeBufferPointer { bias in
        unsafe product.bias = bias.baseAddress
        unsafe run(&product, job, panels, worker)
      }
    } else {
      unsafe run(&product, job, panels, worker)
    }
  }

  private func run(_ product: inout spud_product, _ job: ProductJob, _ panels: Range<Int>, _ worker: Worker) {
    guard let source = job.source, let passing = unsafe passing, let packing = unsafe packing else {
      return unsafe run(&product, panels, worker)
    }
    unsafe source.withPanels(job.layout) { source in
      for part in PassingPanels(panels, rows: x.rows) {
        let base = unsafe part.pack(
          into: passing + worker.index * passingBytes, layout: job.layout,
          isRagged: x.columns % 256 != 0 || job.rows % 32 != 0
        ) { target in
          unsafe source.pack(part.panels, into: target, workspace: packing + worker.index * x.columns)
        }
        unsafe product.panels = UnsafePointer(base)
        unsafe run(&product, part.panels, worker)
      }
    }
  }

  private func run(_ product: inout spud_product, _ panels: Range<Int>, _ worker: Worker) {
    unsafe product.first_panel = Int64(panels.lowerBound)
    unsafe product.last_panel = Int64(panels.upperBound)
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
    let layout = job.layout
    for panel in panels {
      let weights = unsafe UnsafeMutableRawPointer(job.panels + panel * layout.panelBytes).assumingMemoryBound(
        to: Float.self)
      let width = min(32, job.rows - panel * 32)
      let output = unsafe job.output + panel * 32
      // SAFETY: `Compute.multiply` checked every shape; `width` keeps the last panel inside the output.
      unsafe cblas_sgemm(
        CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(x.rows), Int32(width), Int32(x.columns), 1, x.base,
        Int32(x.stride),
        weights, 32, isAdding ? 1 : 0, output, Int32(job.outputStride))
      guard let bias = job.bias else { continue }
      for row in 0..<x.rows {
        for column in 0..<width { unsafe output[row * job.outputStride + column] += bias[panel * 32 + column] }
      }
    }
  }
}

/// Prepares this worker's share of the rows of `x` as inputs of `format`, or for the tiles where they were read.
func prepareRows(
  _ x: ActivationRows, format: WeightFormat, stride: Int, into prepared: UnsafeMutablePointer<UInt8>, tiles: Tiles?,
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
