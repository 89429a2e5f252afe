internal import SpudKernels

/// How many of a model's experts are kept in memory together.
package struct ExpertPolicy: Sendable {
  /// Bytes for the experts in memory; nil is room for all of them, as far as `available` goes.
  package var limit: Int?
  /// Bytes that the whole model may take; nil does not ask.
  package var available: Int?

  package init(limit: Int? = nil, available: Int? = nil) {
    self.limit = limit
    self.available = available
  }

  /// - Parameters:
  ///   - experts: Bytes of all experts.
  ///   - others: Bytes of all else.
  /// - Returns: Bytes for the experts in memory; nil when all of them fit.
  func limit(experts: Int, others: Int) -> Int? {
    if let limit { return limit < experts ? limit : nil }
    // What the passes and the conversations need has to fit as well.
    guard let available, experts + others > available / 10 * 9 else { return nil }
    return max(0, available / 10 * 8 - others)
  }
}

/// The shape of an expert in memory: layers of one shape can share memory.
struct ExpertShape: Hashable {
  let width: Int
  let expertWidth: Int
  let format: WeightFormat
  let downFormat: WeightFormat

  var byteCount: Int {
    ExpertWeights.bytesPerExpert(width: width, expertWidth: expertWidth, format: format, downFormat: downFormat)
  }
}

/// The memory that layers of experts share, by shape, where there is none for all of them.
final class ExpertMemories {
  private let counts: [ExpertShape: Int]
  private let fraction: Double
  private var made: [ExpertShape: ExpertMemory] = [:]

  /// - Parameters:
  ///   - counts: How many experts there are of each shape.
  ///   - limit: Bytes that they may take together; each shape has a place for one all the same.
  init(_ counts: [ExpertShape: Int], limit: Int) {
    self.counts = counts
    let whole = counts.reduce(0) { $0 + $1.key.byteCount * $1.value }
    fraction = Double(limit) / Double(max(whole, 1))
  }

  /// - Throws: `SpudError` when the system has no memory left.
  func memory(for shape: ExpertShape) throws -> ExpertMemory? {
    guard let count = counts[shape] else { return nil }
    if let memory = made[shape] { return memory }
    let memory = try ExpertMemory(
      placeBytes: shape.byteCount, expertCount: count, placeCount: max(1, Int(Double(count) * fraction)))
    made[shape] = memory
    return memory
  }
}
