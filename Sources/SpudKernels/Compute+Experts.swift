internal import CSpudKernels

/// Feed-forward blocks.
extension Compute {
  /// hidden[t] += Σ over the token's experts of weight · down(activation(gate(x[t]), up(x[t]))), each of the three
  /// W·x, and + b where the weights have biases.
  ///
  /// Tokens are grouped by expert; each expert's weights are read once. A token's sum runs over its experts in rising
  /// order, whatever its neighbours are. One task, three synchronizations.
  ///
  /// - Parameters:
  ///   - range: The experts to add; nil is all. Ranges in rising order add up to the same bits.
  ///   - marks: Of each token, as the routing was given them; nil is that all were read.
  package func mixExperts(
    _ x: Activations, routing: RoutingTable, experts range: Range<Int>? = nil, weights: ExpertWeights,
    marks: RowMarks? = nil, addingInto hidden: Activations
  ) {
    precondition(marks == nil || marks?.count == x.rows, "\(marks?.count ?? 0) marks for \(x.rows) tokens")
    precondition(routing.expertCount == weights.expertCount, "\(routing.expertCount) experts of \(weights.expertCount)")
    precondition(routing.tokenCount == x.rows, "\(routing.tokenCount) routed tokens of \(x.rows)")
    unsafe routing.offsets.withUnsafeBufferPointer { offsets in
      unsafe routing.pairTokens.withUnsafeBufferPointer { tokens in
        unsafe routing.pairWeights.withUnsafeBufferPointer { factors in
          unsafe feedForward(
            x, offsets: offsets, readCounts: routing.readCounts, tokens: tokens.baseAddress,
            factors: factors.baseAddress, weights: weights, experts: range ?? 0..<weights.expertCount, marks: marks,
            addingInto: hidden)
        }
      }
    }
  }

  /// hidden[t] += down(activation(gate(x[t]), up(x[t]))), with weights that hold one expert.
  ///
  /// - Parameter marks: Of each row; nil is that all were read.
  package func denseFeedForward(
    _ x: Activations, weights: ExpertWeights, marks: RowMarks? = nil, addingInto hidden: Activations
  ) {
    precondition(weights.expertCount == 1, "a dense block is one expert, not \(weights.expertCount)")
    precondition(marks == nil || marks?.count == x.rows, "\(marks?.count ?? 0) marks for \(x.rows) rows")
    let offsets: [Int32] = [0, Int32(x.rows)]
    let readCount = marks?.readCount ?? x.rows
    let order = readCount == 0 || readCount == x.rows ? [] : marks?.order ?? []
    unsafe offsets.withUnsafeBufferPointer { offsets in
      unsafe order.withUnsafeBufferPointer { order in
        unsafe feedForward(
          x, offsets: offsets, readCounts: [Int32(readCount)], tokens: order.isEmpty ? nil : order.baseAddress,
          factors: nil, weights: weights, experts: 0..<1, marks: marks, addingInto: hidden)
      }
    }
  }

  private func feedForward(
    _ x: Activations, offsets: UnsafeBufferPointer<Int32>, readCounts: [Int32], tokens: UnsafePointer<Int32>?,
    factors: UnsafePointer<Float>?, weights: ExpertWeights, experts range: Range<Int>, marks: RowMarks?,
    addingInto hidden: Activations
  ) {
    precondition(x.columns == weights.width && hidden.columns == weights.width, "experts of width \(weights.width)")
    precondition(hidden.rows == x.rows, "adding \(x.rows) rows to \(hidden.rows)")
    guard x.rows > 0 else { return }
    let all = unsafe Int(offsets[offsets.count - 1])
    let pairs = unsafe Int(offsets[range.upperBound] - offsets[range.lowerBound])
    let most = range.reduce(0) { unsafe max($0, Int(offsets[$1 + 1] - offsets[$1])) }
    let inputStride = inputStride(weights.format, columns: weights.width)
    let hiddenInputStride = self.inputStride(weights.downFormat, columns: weights.expertWidth)
    var tiles = usesTiles(weights.format) || usesTiles(weights.downFormat) ? Tiles(marks) : nil
    if tiles != nil { unsafe tiles?.gathered = gatheredRows(stride: max(inputStride, hiddenInputStride)) }
    let hiddenStride = Activations.stride(columns: weights.expertWidth)
    let inputs = unsafe workspace.inputs.bytes((x.rows + Self.rowsBehind) * inputStride)
      .assumingMemoryBound(to: UInt8.self)
    let gated = unsafe workspace.hidden.floats(pool.count * most * hiddenStride)
    let gatedInputs = unsafe workspace.hiddenInputs.bytes((all + Self.rowsBehind) * hiddenInputStride)
      .assumingMemoryBound(to: UInt8.self)
    let sums = unsafe workspace.sums.floats(pool.count * Compute.sumsPerWorker)
    // Where memory has no place for all experts, they come in waves, in rising order all the same.
    var first = range.lowerBound
    while first < range.upperBound {
      let wave = unsafe weights.admit(first..<range.upperBound, offsets: offsets)
      pack(wave.missing, of: weights)
      if !wave.passing.isEmpty { weights.willRead(wave.passing) }
      let task = unsafe FeedForwardTask(
        x: x.view, hidden: hidden.view, kernels: kernels, weights: weights, experts: wave.experts,
        isFirst: first == range.lowerBound,
        offsets: offsets,
        readCounts: readCounts, tokens: tokens, factors: factors,
        gateTiles: usesTiles(weights.format) ? tiles : nil, downTiles: usesTiles(weights.downFormat) ? tiles : nil,
        inputStride: inputStride, inputs: inputs, gatedStride: hiddenStride,
        gatedSize: most * hiddenStride, gated: gated, gatedInputStride: hiddenInputStride, gatedInputs: gatedInputs,
        sums: sums, packing: wave.passing.isEmpty ? nil : packingWorkspaces(for: weights),
        passing: wave.passing.isEmpty
          ? nil
          : workspace.passing.bytes(pool.count * FeedForwardTask.passingBytes(weights))
            .assumingMemoryBound(to: UInt8.self))
      pool.run(task, alone: pairs * weights.width * weights.expertWidth < Compute.smallWork)
      if !wave.passing.isEmpty { weights.noteRead(wave.passing) }
      first = wave.experts.upperBound
    }
  }
}

@safe
private struct FeedForwardTask: ParallelTask, ~Copyable {
  let x: ActivationRows
  let hidden: ActivationRows
  let kernels: UnsafePointer<spud_kernels>
  let weights: ExpertWeights
  let experts: Range<Int>  // those that this wave is for
  let isFirst: Bool  // of the waves for the same rows
  let offsets: UnsafeBufferPointer<Int32>
  let readCounts: [Int32]
  let tokens: UnsafePointer<Int32>?
  let factors: UnsafePointer<Float>?
  let gateTiles: Tiles?
  let downTiles: Tiles?
  let inputStride: Int
  let inputs: UnsafeMutablePointer<UInt8>  // [tokens] prepared
  let gatedStride: Int
  let gatedSize: Int
  let gated: UnsafeMutablePointer<Float>  // [lanes][rows of one expert, expertWidth]
  let gatedInputStride: Int
  let gatedInputs: UnsafeMutablePointer<UInt8>  // [pairs] prepared
  let sums: UnsafeMutablePointer<Float>
  /// Room for each worker to pack panels of experts that have no place; nil where all have one.
  let packing: UnsafeMutablePointer<Float>?
  let passing: UnsafeMutablePointer<UInt8>?

  static func passingBytes(_ weights: ExpertWeights) -> Int {
    PassingPanels.most * max(weights.gateUpLayout.panelBytes, weights.downLayout.panelBytes)
  }

  func run(_ worker: Worker) {
    if isFirst {
      unsafe prepareRows(
        x, format: weights.format, stride: inputStride, into: inputs, tiles: gateTiles, kernels: kernels, worker: worker
      )
    }
    worker.barrier()
    gateExperts(worker)
    worker.barrier()
    // Here each takes columns of the output, for all experts: no two add to the same sums, and the order of experts is
    // fixed.
    let downPanels = weights.downLayout.panels
    // (Tiles take longer to begin than vectors.)
    let downSize = max(1, downPanels / (worker.count * (x.rows < 32 ? 1 : downTiles == nil ? 8 : 4)))
    while let panels = worker.takeChunk(of: downPanels, size: downSize) {
      for expert in experts { project(expert, panels, worker) }
    }
  }

  /// Two panels make one block of 32 gated values, which one thread computes and prepares whole.
  private func gateExperts(_ worker: Worker) {
    let panels = weights.gateUpLayout.panels
    guard x.rows >= 32 else {
      // Few rows: one contiguous stream of each expert's weights for each thread.
      let share = worker.share(of: panels, grain: 2)
      guard !share.isEmpty else { return }
      for expert in experts { gate(expert, share, worker) }
      return
    }
    // Many rows: threads take parts of experts in turn, so that one that is held up does not hold up the others.
    let size = ((panels + worker.count - 1) / worker.count).roundedUp(to: 2)
    let parts = (panels + size - 1) / size
    while let item = worker.takeChunk(of: experts.count * parts, size: 1)?.lowerBound {
      let start = item % parts * size
      gate(experts.lowerBound + item / parts, start..<min(start + size, panels), worker)
    }
  }

  /// The expert's rows, as a range of pairs.
  private func pairs(of expert: Int) -> Range<Int> {
    unsafe Int(offsets[expert])..<Int(offsets[expert + 1])
  }

  /// Multiplies by some panels of an expert, in place or as its file holds them.
  private func multiply(
    _ product: inout spud_product, by projections: [ExpertWeights.Projection], of expert: Int, _ panels: Range<Int>,
    tiles: Tiles?, _ worker: Worker
  ) {
    let isDown = projections == [.down]
    let layout = isDown ? weights.downLayout : weights.gateUpLayout
    unsafe product.panel_bytes = layout.panelBytes
    unsafe product.units = Int64(layout.units)
    if let place = unsafe weights.place(of: expert) {
      unsafe product.panels = UnsafePointer(isDown ? place + weights.gateUpLayout.byteCount : place)
      return unsafe multiply(&product, panels, by: tiles, expert: expert, worker)
    }
    guard let packing = unsafe packing, let passing = unsafe passing else {
      preconditionFailure("expert \(expert) has no place")
    }
    let own = unsafe passing + worker.index * Self.passingBytes(weights)
    let isRagged = weights.width % 256 != 0 || weights.expertWidth % 256 != 0
    for part in unsafe PassingPanels(panels, rows: Int(product.rows)) {
      let base = unsafe part.pack(into: own, layout: layout, isRagged: isRagged) { target in
        for projection in projections {
          unsafe weights.pack(
            projection, of: expert, panels: part.panels, into: target,
            workspace: packing + worker.index * weights.packingFloats)
        }
      }
      unsafe product.panels = UnsafePointer(base)
      unsafe multiply(&product, part.panels, by: tiles, expert: expert, worker)
    }
  }

  private func gate(_ expert: Int, _ panels: Range<Int>, _ worker: Worker) {
    let pairs = pairs(of: expert)
    guard !pairs.isEmpty else { return }
    var product = unsafe spud_product()
    unsafe product.columns_out = Int64(weights.expertWidth)
    unsafe product.input = UnsafePointer(inputs)
    unsafe product.input_stride = inputStride
    unsafe product.input_rows = tokens.map { unsafe $0 + pairs.lowerBound }
    unsafe product.rows = Int64(pairs.count)
    unsafe product.output = gated + worker.index * gatedSize
    unsafe product.output_stride = gatedStride
    unsafe product.workspace = sums + worker.index * Compute.sumsPerWorker
    unsafe product.format = weights.format.code
    unsafe product.bias = weights.biases.map { unsafe UnsafePointer($0.gateUp.base + expert * $0.gateUp.stride) }
    switch weights.activation {
    case .silu: unsafe product.epilogue = SPUD_SWIGLU
    case .clamped(let limit, let slope):
      unsafe product.epilogue = SPUD_CLAMPED_GLU
      unsafe product.limit = limit
      unsafe product.slope = slope
    }
    // SAFETY: `feedForward` checked the shapes and sized the workspace.
    unsafe multiply(&product, by: [.gate, .up], of: expert, panels, tiles: gateTiles, worker)

    let first = panels.lowerBound * 16
    let columns = min(panels.upperBound * 16, weights.expertWidth) - first
    for (row, pair) in pairs.enumerated() {
      let isForTiles = downTiles != nil && row < readCounts[expert]
      let offset = bytes(upTo: first, as: isForTiles ? .bf16 : weights.downFormat)
      let values = unsafe gated + worker.index * gatedSize + row * gatedStride + first
      for column in columns..<columns.roundedUp(to: 32) { unsafe values[column] = 0 }
      unsafe prepareRow(
        values, columns: columns, format: weights.downFormat, isForTiles: isForTiles,
        into: gatedInputs + pair * gatedInputStride + offset, kernels: kernels)
    }
  }

  private func multiply(
    _ product: inout spud_product, _ panels: Range<Int>, by tiles: Tiles?, expert: Int, _ worker: Worker
  ) {
    unsafe product.first_panel = Int64(panels.lowerBound)
    unsafe product.last_panel = Int64(panels.upperBound)
    guard let tiles else { return unsafe kernels.pointee.product(&product) }
    unsafe tiles.run(product, readCount: Int(readCounts[expert]), kernels: kernels, worker: worker)
  }

  /// Bytes of a row that is prepared as `format` before column `column`, a multiple of 32.
  private func bytes(upTo column: Int, as format: WeightFormat) -> Int {
    switch format {
    case .f32, .f16: column * 4
    case .bf16: unsafe column * (kernels.pointee.rounds_to_bf16 != 0 ? 2 : 4)
    case .q8_0, .q4_0: column / 32 * MemoryLayout<spud_block>.stride
    default: column / 32 * MemoryLayout<spud_summed_block>.stride
    }
  }

  private func project(_ expert: Int, _ panels: Range<Int>, _ worker: Worker) {
    let pairs = pairs(of: expert)
    guard !pairs.isEmpty else { return }
    var product = unsafe spud_product()
    unsafe product.columns_out = Int64(weights.width)
    unsafe product.input = UnsafePointer(gatedInputs + pairs.lowerBound * gatedInputStride)
    unsafe product.input_stride = gatedInputStride
    unsafe product.rows = Int64(pairs.count)
    unsafe product.output = hidden.base
    unsafe product.output_stride = hidden.stride
    unsafe product.output_rows = tokens.map { unsafe $0 + pairs.lowerBound }
    unsafe product.factors = factors.map { unsafe $0 + pairs.lowerBound }
    unsafe product.bias = weights.biases.map { unsafe UnsafePointer($0.down.base + expert * $0.down.stride) }
    unsafe product.workspace = sums + worker.index * Compute.sumsPerWorker
    unsafe product.format = weights.downFormat.code
    unsafe product.epilogue = SPUD_ADD
    // SAFETY: as above; each worker adds to its own columns.
    unsafe multiply(&product, by: [.down], of: expert, panels, tiles: downTiles, worker)
  }
}
