internal import CSpudKernels
internal import SpudErrors
package import SpudTensors

/// The feed-forward weights of one layer's experts: gate and up `[experts, expertWidth, width]`, down `[experts, width,
/// expertWidth]`.
///
/// Gate and up share panels, 16 rows of each, so that one pass over an input yields both and the activation needs no
/// second one. A dense feed-forward block is one expert.
@safe
package final class ExpertWeights: @unchecked Sendable {
  // `@unchecked`: the buffers are written only while packing, before the weights are shared.
  package enum Projection: String, CaseIterable, Sendable { case gate, up, down }

  package let expertCount: Int
  package let width: Int
  package let expertWidth: Int
  /// Of gate and up.
  package let format: WeightFormat
  package let downFormat: WeightFormat
  package let activation: GatedActivation
  package let biases: ExpertBiases?
  /// Of one expert, whose gate and up lie before its down.
  let gateUpLayout: PanelLayout
  let downLayout: PanelLayout
  let memory: ExpertMemory
  /// What the memory calls the first of these experts.
  let firstExpert: Int
  /// Where the files hold what is packed when it is needed, for each expert and projection; empty where all is packed.
  var sources: [StoredRows?] = []
  /// How much has been packed since it was met.
  package internal(set) var reads = ExpertReads()

  /// Makes weights of zeros, to be filled with `pack`, or told by `hold` where they are.
  ///
  /// - Parameters:
  ///   - downFormat: Nil is `format`.
  ///   - activation: What becomes of gate and up.
  ///   - biases: What is added to the products; nil is nothing.
  ///   - memory: Where they are packed, shared with other layers of the same shape; nil has room for all of them.
  package init(
    expertCount: Int, width: Int, expertWidth: Int, format: WeightFormat, downFormat: WeightFormat? = nil,
    activation: GatedActivation = .silu, biases: ExpertBiases? = nil, memory: ExpertMemory? = nil
  ) throws {
    precondition(
      expertCount > 0 && width > 0 && expertWidth > 0, "experts cannot be [\(expertCount), \(expertWidth), \(width)]")
    self.expertCount = expertCount
    self.width = width
    self.expertWidth = expertWidth
    self.format = format
    self.downFormat = downFormat ?? format
    self.activation = activation
    self.biases = biases
    gateUpLayout = PanelLayout(format: format, panels: (expertWidth + 15) / 16, columns: width)
    downLayout = PanelLayout(format: self.downFormat, rows: width, columns: expertWidth)
    if let biases {
      precondition(
        biases.down.rows == expertCount && biases.down.columns == width
          && biases.gateUp.columns == gateUpLayout.panels * 32, "biases of other experts")
    }
    let placeBytes = gateUpLayout.byteCount + downLayout.byteCount
    guard !placeBytes.multipliedReportingOverflow(by: expertCount).overflow else {
      throw SpudError(.badData, "\(expertCount) experts of [\(expertWidth), \(width)] do not fit in any memory.")
    }
    self.memory =
      try memory ?? ExpertMemory(placeBytes: placeBytes, expertCount: expertCount, placeCount: expertCount)
    precondition(self.memory.placeBytes == placeBytes, "memory for experts of another shape")
    firstExpert = self.memory.assign(expertCount)
  }

  /// Packs one projection of one expert: gate and up are `[expertWidth, width]`, down is `[width, expertWidth]`.
  ///
  /// - Throws: `SpudError` when `bytes` is not exactly that many weights in `encoding`.
  package func pack(
    _ projection: Projection, expert: Int, from bytes: RawSpan, encoding: ElementType, compute: Compute
  ) throws {
    precondition(expert >= 0 && expert < expertCount, "expert \(expert) of \(expertCount)")
    precondition(memory.placeCount >= expertCount, "experts that are all packed need a place each")
    _ = memory.meet(firstExpert + expert)
    guard let place = unsafe place(of: expert) else { preconditionFailure("expert \(expert) has no place") }
    // SAFETY: the place holds the panels of both layouts.
    switch projection {
    case .gate, .up:
      try unsafe compute.pack(
        bytes, encoding: encoding, columns: width, rows: expertWidth, into: place, layout: gateUpLayout,
        panelRows: .init(firstRow: 0, rowsPerPanel: 16, rowInPanel: projection == .gate ? 0 : 16))
    case .down:
      try unsafe compute.pack(
        bytes, encoding: encoding, columns: expertWidth, rows: width, into: place + gateUpLayout.byteCount,
        layout: downLayout, panelRows: .init(firstRow: 0, rowsPerPanel: 32, rowInPanel: 0))
    }
  }

  /// The same from an array.
  package func pack(
    _ projection: Projection, expert: Int, from bytes: [UInt8], encoding: ElementType, compute: Compute
  ) throws {
    // SAFETY: bytes have no padding, and the span does not outlive the call.
    try unsafe pack(projection, expert: expert, from: bytes.span.bytes, encoding: encoding, compute: compute)
  }

  /// Bytes in memory of one expert of such a shape.
  package static func bytesPerExpert(width: Int, expertWidth: Int, format: WeightFormat, downFormat: WeightFormat)
    -> Int
  {
    PanelLayout(format: format, panels: (expertWidth + 15) / 16, columns: width).byteCount
      + PanelLayout(format: downFormat, rows: width, columns: expertWidth).byteCount
  }

  /// The format of one projection.
  package func format(of projection: Projection) -> WeightFormat { projection == .down ? downFormat : format }

  /// Bytes in memory, padding included.
  package var byteCount: Int { bytesPerExpert * expertCount }
  /// Weights and biases of one expert.
  package var parametersPerExpert: Int {
    3 * width * expertWidth + (biases == nil ? 0 : 2 * expertWidth + width)
  }
  /// Bytes that one token reads of one expert.
  package var bytesPerExpert: Int {
    gateUpLayout.byteCount + downLayout.byteCount + (biases?.bytesPerExpert ?? 0)
  }
}
