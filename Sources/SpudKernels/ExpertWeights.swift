internal import CSpudKernels
internal import SpudErrors
package import SpudTensors

/// The feed-forward weights of one layer's experts: gate and up `[experts, expertWidth, width]`, down `[experts, width,
/// expertWidth]`.
///
/// Gate and up share panels, 16 rows of each, so that one pass over an input yields both and SwiGLU needs no second
/// one. A dense feed-forward block is one expert.
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
  let gateUp: PageBuffer
  let down: PageBuffer
  /// Of one expert.
  let gateUpLayout: PanelLayout
  let downLayout: PanelLayout

  /// Makes weights of zeros, to be filled with `pack`.
  ///
  /// `downFormat` nil is `format`.
  package init(
    expertCount: Int, width: Int, expertWidth: Int, format: WeightFormat, downFormat: WeightFormat? = nil
  ) throws {
    precondition(
      expertCount > 0 && width > 0 && expertWidth > 0, "experts cannot be [\(expertCount), \(expertWidth), \(width)]")
    self.expertCount = expertCount
    self.width = width
    self.expertWidth = expertWidth
    self.format = format
    self.downFormat = downFormat ?? format
    gateUpLayout = PanelLayout(format: format, panels: (expertWidth + 15) / 16, columns: width)
    downLayout = PanelLayout(format: self.downFormat, rows: width, columns: expertWidth)
    let (gateUpBytes, gateUpOverflow) = gateUpLayout.byteCount.multipliedReportingOverflow(by: expertCount)
    let (downBytes, downOverflow) = downLayout.byteCount.multipliedReportingOverflow(by: expertCount)
    guard !gateUpOverflow, !downOverflow else {
      throw SpudError(.badData, "\(expertCount) experts of [\(expertWidth), \(width)] do not fit in any memory.")
    }
    gateUp = try PageBuffer(byteCount: gateUpBytes, for: "\(expertCount) experts' gate and up weights")
    down = try PageBuffer(byteCount: downBytes, for: "\(expertCount) experts' down weights")
  }

  /// Packs one projection of one expert: gate and up are `[expertWidth, width]`, down is `[width, expertWidth]`.
  ///
  /// - Throws: `SpudError` when `bytes` is not exactly that many weights in `encoding`.
  package func pack(
    _ projection: Projection, expert: Int, from bytes: RawSpan, encoding: ElementType, compute: Compute
  ) throws {
    precondition(expert >= 0 && expert < expertCount, "expert \(expert) of \(expertCount)")
    try pack(projection, experts: expert..<expert + 1, from: bytes, encoding: encoding, compute: compute)
  }

  /// The same from an array.
  package func pack(
    _ projection: Projection, expert: Int, from bytes: [UInt8], encoding: ElementType, compute: Compute
  ) throws {
    // SAFETY: bytes have no padding, and the span does not outlive the call.
    try unsafe pack(projection, expert: expert, from: bytes.span.bytes, encoding: encoding, compute: compute)
  }

  /// Packs one projection of every expert from one tensor, `[experts, …]`.
  package func pack(_ projection: Projection, from bytes: RawSpan, encoding: ElementType, compute: Compute) throws {
    try pack(projection, experts: 0..<expertCount, from: bytes, encoding: encoding, compute: compute)
  }

  private func pack(
    _ projection: Projection, experts: Range<Int>, from bytes: RawSpan, encoding: ElementType, compute: Compute
  ) throws {
    switch projection {
    case .gate, .up:
      try compute.pack(
        bytes, encoding: encoding, columns: width, rows: expertWidth, into: gateUp, layout: gateUpLayout,
        panelOffset: experts.lowerBound * gateUpLayout.byteCount,
        panelRows: .init(firstRow: 0, rowsPerPanel: 16, rowInPanel: projection == .gate ? 0 : 16),
        matrices: experts.count)
    case .down:
      try compute.pack(
        bytes, encoding: encoding, columns: expertWidth, rows: width, into: down, layout: downLayout,
        panelOffset: experts.lowerBound * downLayout.byteCount,
        panelRows: .init(firstRow: 0, rowsPerPanel: 32, rowInPanel: 0), matrices: experts.count)
    }
  }

  /// The format of one projection.
  package func format(of projection: Projection) -> WeightFormat { projection == .down ? downFormat : format }

  /// Bytes in memory, padding included.
  package var byteCount: Int { gateUp.byteCount + down.byteCount }
  /// Bytes that one token reads of one expert.
  package var bytesPerExpert: Int { gateUpLayout.byteCount + downLayout.byteCount }
}
