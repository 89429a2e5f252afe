internal import CSpudBlocks
internal import CSpudKernels
internal import SpudErrors
internal import SpudTensors

/// From a file's bytes to panels.
extension Compute {
  /// Packs `rows` rows into panels from `target` on.
  ///
  /// - Throws: `SpudError.badData` when `bytes` is not exactly `rows` rows of `encoding`, or the panels cannot hold it.
  func pack(
    _ bytes: RawSpan, encoding: ElementType, columns: Int, rows: Int, into target: UnsafeMutablePointer<UInt8>,
    layout: PanelLayout, panelRows: PanelRows
  ) throws {
    let rowBytes = try layout.rowBytes(byteCount: bytes.byteCount, encoding: encoding, columns: columns, rows: rows)
    guard rows > 0 else { return }
    let workspaces = unsafe workspace.packing.floats(columns * pool.count)
    unsafe bytes.withUnsafeBytes { raw in
      guard let base = raw.baseAddress else { return }
      let source = unsafe PanelSource(
        base: base.assumingMemoryBound(to: UInt8.self), rowBytes: rowBytes, encoding: encoding.code, columns: columns,
        rows: rows, layout: layout, panelRows: panelRows)
      pool.run(unsafe PackTask(source: source, target: target, workspaces: workspaces))
    }
  }

  /// Packs a matrix whose rows are still in their file.
  package func packAhead(_ matrix: WeightMatrix) {
    guard let source = matrix.takeSource() else { return }
    let workspaces = unsafe workspace.packing.floats(matrix.columns * pool.count)
    source.file.advise(.willNeed, source.range)
    unsafe source.withPanels(matrix.layout) { source in
      // SAFETY: the buffer holds the layout's panels.
      pool.run(
        unsafe PackTask(
          source: source, target: matrix.buffer.base.assumingMemoryBound(to: UInt8.self), workspaces: workspaces))
    }
    source.file.advise(.drop, source.range)
  }

  /// Packs experts that were not met yet, as many as there is room for, but `limit` at most.
  ///
  /// - Returns: Whether there was one.
  @discardableResult
  package func packAhead(_ weights: ExpertWeights, atMost limit: Int = .max) -> Bool {
    let experts = weights.admitAhead(atMost: limit)
    pack(experts, of: weights)
    return !experts.isEmpty
  }

  /// Packs experts that have just been given places, each thread its share of all of them together.
  func pack(_ experts: [Int], of weights: ExpertWeights) {
    guard !experts.isEmpty else { return }
    let workspaces = unsafe packingWorkspaces(for: weights)
    weights.willRead(experts)
    pool.run(unsafe PackExpertsTask(experts: experts, weights: weights, workspaces: workspaces))
    weights.noteRead(experts)
  }

  /// Room for each worker to turn a row of an expert into floats: `packingFloats` each.
  func packingWorkspaces(for weights: ExpertWeights) -> UnsafeMutablePointer<Float> {
    unsafe workspace.packing.floats(weights.packingFloats * pool.count)
  }
}

extension ExpertWeights {
  /// Floats of the longest row.
  var packingFloats: Int { max(width, expertWidth) }

  /// Says that the files' bytes of some experts will be needed.
  func willRead(_ experts: [Int]) {
    forEachSource(of: experts) { $0.file.advise(.willNeed, $0.range) }
  }

  /// Counts experts that were read, whose bytes in the files are not needed any more.
  func noteRead(_ experts: [Int]) {
    forEachSource(of: experts) { source in
      source.file.advise(.drop, source.range)
      reads.bytes += source.range.count
    }
    reads.experts += experts.count
  }

  private func forEachSource(of experts: [Int], _ body: (StoredRows) -> Void) {
    for expert in experts {
      for projection in Projection.allCases { body(source(of: projection, expert: expert)) }
    }
  }

  /// Packs some panels of one projection of an expert, as its file holds it.
  ///
  /// - Parameters:
  ///   - panels: Of gate and up together, or of down.
  ///   - target: Where panel 0 would lie.
  ///   - workspace: Room for `packingFloats` floats.
  @unsafe
  func pack(
    _ projection: Projection, of expert: Int, panels: Range<Int>, into target: UnsafeMutablePointer<UInt8>,
    workspace: UnsafeMutablePointer<Float>
  ) {
    let isDown = projection == .down
    // SAFETY: `hold` checked that these are the rows of the projection.
    unsafe source(of: projection, expert: expert).withPanels(
      isDown ? downLayout : gateUpLayout,
      panelRows: PanelRows(firstRow: 0, rowsPerPanel: isDown ? 32 : 16, rowInPanel: projection == .up ? 16 : 0)
    ) { source in
      unsafe source.pack(panels, into: target, workspace: workspace)
    }
  }
}

extension PanelLayout {
  /// Checks that so many bytes are `rows` rows that these panels can hold.
  ///
  /// - Returns: Bytes of one row.
  /// - Throws: `SpudError.badData` when they are not.
  func rowBytes(byteCount: Int, encoding: ElementType, columns: Int, rows: Int) throws -> Int {
    guard let rowBytes = encoding.rowBytes(columns: columns) else {
      throw SpudError(
        .badData, "A row of \(columns) weights cannot be stored as \(encoding.rawValue), whose blocks are larger.")
    }
    guard byteCount == rows * rowBytes else {
      throw SpudError(
        .badData,
        "\(rows) rows of \(columns) weights in \(encoding.rawValue) take \(rows * rowBytes) bytes, "
          + "but \(byteCount) were found.")
    }
    guard format.isGeneral || format.elementType == encoding else {
      let choices = WeightFormat.general.map(\.rawValue).joined(separator: ", ")
      throw SpudError(
        .badData,
        "Weights in \(encoding.rawValue) cannot be held in \(format.rawValue), which takes a file's blocks as "
          + "they are; they can in \(choices).")
    }
    return rowBytes
  }
}

/// Which rows of which panels source rows become: row `r` goes to panel `r / rowsPerPanel`, row `rowInPanel + r %
/// rowsPerPanel`.
struct PanelRows: Sendable {
  let firstRow: Int
  let rowsPerPanel: Int
  let rowInPanel: Int
}

/// The rows of a file that become rows of panels.
@safe
struct PanelSource {
  let base: UnsafePointer<UInt8>
  let rowBytes: Int
  let encoding: spud_encoding
  let columns: Int
  let rows: Int
  let layout: PanelLayout
  let panelRows: PanelRows

  /// The panels that these rows reach.
  var panels: Range<Int> {
    let end = panelRows.firstRow + rows
    return panelRows.firstRow / panelRows.rowsPerPanel..<(end + panelRows.rowsPerPanel - 1) / panelRows.rowsPerPanel
  }

  /// Packs the rows of some panels.
  func pack(_ panels: Range<Int>, into target: UnsafeMutablePointer<UInt8>, workspace: UnsafeMutablePointer<Float>) {
    var populated = panels.lowerBound
    for panel in panels {
      let rows = rows(of: panel)
      if panel == populated {
        // The file's pages are mapped about 4 MiB at a time: one call costs less than a fault for every 64 KiB.
        populated = min(panel + max(1, (4 << 20) / max(rows.count * rowBytes, 1)), panels.upperBound)
        let end = self.rows(of: populated - 1).upperBound
        unsafe spud_populate(base + rows.lowerBound * rowBytes, (end - rows.lowerBound) * rowBytes)
      }
      let first = (rows.lowerBound + panelRows.firstRow) % panelRows.rowsPerPanel
      // SAFETY: whoever made this checked that the source has its rows, and that the panels lie inside the target.
      unsafe spud_pack_rows(
        layout.format.code, target + panel * layout.panelBytes, Int64(panelRows.rowInPanel + first), encoding,
        base + rows.lowerBound * rowBytes, Int64(rows.count), Int64(columns), workspace)
    }
  }

  /// The source rows that a panel takes.
  private func rows(of panel: Int) -> Range<Int> {
    let start = max(panelRows.firstRow, panel * panelRows.rowsPerPanel)
    let end = min(panelRows.firstRow + rows, (panel + 1) * panelRows.rowsPerPanel)
    return start - panelRows.firstRow..<end - panelRows.firstRow
  }
}

/// Packs one matrix, a share of its panels a thread.
@safe
private struct PackTask: ParallelTask, ~Copyable {
  let source: PanelSource
  let target: UnsafeMutablePointer<UInt8>
  let workspaces: UnsafeMutablePointer<Float>

  func run(_ worker: Worker) {
    // A share is contiguous in memory, so that no two threads wait for the system to clear the same huge page.
    let first = source.panels.lowerBound
    let share = worker.share(of: source.panels.count)
    unsafe source.pack(
      first + share.lowerBound..<first + share.upperBound, into: target,
      workspace: workspaces + worker.index * source.columns)
  }
}

/// Packs whole experts, one behind the other: of each, panels of gate and up, then panels of down.
@safe
private struct PackExpertsTask: ParallelTask, ~Copyable {
  let experts: [Int]
  let weights: ExpertWeights
  let workspaces: UnsafeMutablePointer<Float>

  func run(_ worker: Worker) {
    let gateUpPanels = weights.gateUpLayout.panels
    let panels = gateUpPanels + weights.downLayout.panels
    let share = worker.share(of: experts.count * panels)
    for (index, expert) in experts.enumerated() {
      let own = share.clamped(to: index * panels..<(index + 1) * panels)
      guard !own.isEmpty, let place = unsafe weights.place(of: expert) else { continue }
      let start = own.lowerBound - index * panels
      let end = own.upperBound - index * panels
      let gateUp = min(start, gateUpPanels)..<min(end, gateUpPanels)
      let down = max(start, gateUpPanels) - gateUpPanels..<max(end, gateUpPanels) - gateUpPanels
      for projection in ExpertWeights.Projection.allCases {
        let isDown = projection == .down
        // SAFETY: the place holds the panels of both layouts.
        unsafe weights.pack(
          projection, of: expert, panels: isDown ? down : gateUp,
          into: isDown ? place + weights.gateUpLayout.byteCount : place,
          workspace: workspaces + worker.index * weights.packingFloats)
      }
    }
  }
}
