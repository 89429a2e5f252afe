internal import CSpudKernels
internal import SpudErrors

/// How a cache holds keys and values.
public enum CacheFormat: String, CaseIterable, Sendable {
  case f32
  case bf16
  /// Bytes with a scale for each 32.
  case q8

  var code: spud_format {
    switch self {
    case .f32: SPUD_F32
    case .bf16: SPUD_BF16
    case .q8: SPUD_Q8_0
    }
  }

  var weightFormat: WeightFormat {
    switch self {
    case .f32: .f32
    case .bf16: .bf16
    case .q8: .q8_0
    }
  }
}

/// The keys and values of every layer, for a number of sequences that grow on their own.
///
/// Keys are laid out in the same panels as weights, 32 positions each, so that a query is multiplied by them as an input
/// is by a matrix. Values are laid out position by position. Memory is reserved at once and used as sequences grow.
@safe
package final class KeyValueCache: @unchecked Sendable {
  // `@unchecked`: one thread uses a cache at a time.
  package let layerCount: Int
  package let headCount: Int
  package let headWidth: Int
  package let sequenceCount: Int
  /// The most positions that one sequence can hold.
  package let capacity: Int
  package let format: CacheFormat
  /// Positions held, `[sequenceCount]`.
  package private(set) var lengths: [Int]

  let keyLayout: PanelLayout  // of one head of one sequence
  let valueStride: Int
  private let keys: [PageBuffer]  // [layer] of [sequence, head, panel]
  private let values: [PageBuffer]  // [layer] of [sequence, head, position]

  /// - Throws: `SpudError` when the system has no memory for it.
  package init(
    layerCount: Int, headCount: Int, headWidth: Int, sequenceCount: Int, capacity: Int, format: CacheFormat
  ) throws {
    precondition(layerCount > 0 && headCount > 0 && sequenceCount > 0 && capacity > 0, "an empty cache")
    precondition(
      headWidth > 0 && headWidth <= SPUD_MAX_HEAD_WIDTH, "a head is at most \(SPUD_MAX_HEAD_WIDTH) wide")
    self.layerCount = layerCount
    self.headCount = headCount
    self.headWidth = headWidth
    self.sequenceCount = sequenceCount
    self.capacity = capacity
    self.format = format
    lengths = Array(repeating: 0, count: sequenceCount)
    keyLayout = PanelLayout(format: format.weightFormat, rows: capacity, columns: headWidth)
    valueStride = Int(spud_value_bytes(format.code, Int64(headWidth)))
    let (heads, overflow) = sequenceCount.multipliedReportingOverflow(by: headCount)
    let (keyBytes, keyOverflow) = heads.multipliedReportingOverflow(by: keyLayout.byteCount)
    let (valueBytes, valueOverflow) = heads.multipliedReportingOverflow(by: valueStride * capacity)
    guard !overflow, !keyOverflow, !valueOverflow else {
      throw SpudError(
        .unavailable, "A cache of \(sequenceCount) sequences of \(capacity) positions does not fit in any memory.")
    }
    let purpose = "a cache of \(sequenceCount) sequences of \(capacity) positions"
    keys = try (0..<layerCount).map { _ in try PageBuffer(byteCount: keyBytes, for: purpose) }
    values = try (0..<layerCount).map { _ in try PageBuffer(byteCount: valueBytes, for: purpose) }
  }

  /// Bytes reserved for all layers.
  package var byteCount: Int { layerCount * ((keys.first?.byteCount ?? 0) + (values.first?.byteCount ?? 0)) }
  /// Bytes that one more token reads of a sequence that holds `length` positions.
  package func bytesRead(length: Int) -> Int {
    layerCount * headCount * (length * valueStride + (length + 31) / 32 * keyLayout.panelBytes)
  }

  package func length(of sequence: Int) -> Int { lengths[sequence] }

  /// Makes room for one token at the end of each named sequence, in order; a sequence may be named many times.
  ///
  /// - Throws: `SpudError` when a sequence would outgrow the cache; the cache is unchanged then.
  package func append(_ sequences: [Int32]) throws -> TokenPositions {
    var fresh = lengths
    var positions: [Int32] = []
    positions.reserveCapacity(sequences.count)
    for sequence in sequences {
      precondition(sequence >= 0 && sequence < sequenceCount, "sequence \(sequence) of \(sequenceCount)")
      let position = fresh[Int(sequence)]
      guard position < capacity else {
        throw SpudError(
          .badData,
          "The context is full: it holds \(capacity) tokens, and \(lengths[Int(sequence)]) + \(sequences.count) "
            + "were asked for."
        )
      }
      positions.append(Int32(position))
      fresh[Int(sequence)] = position + 1
    }
    lengths = fresh
    return TokenPositions(sequences: sequences, indices: positions)
  }

  /// Takes the first `length` positions of sequence 0 of `other`, a cache of the same shape but for its sequences and
  /// capacity, in place of those of this one's sequence 0.
  package func copyPrefix(of other: KeyValueCache, length: Int) {
    precondition(
      layerCount == other.layerCount && headCount == other.headCount && headWidth == other.headWidth
        && format == other.format, "caches of different shapes")
    precondition(length >= 0 && length <= other.lengths[0] && length <= capacity, "\(length) positions")
    // A panel is copied whole: what it holds beyond `length` is written before it is read.
    let keyBytes = (length + 31) / 32 * keyLayout.panelBytes
    for layer in 0..<layerCount {
      for head in 0..<headCount {
        // SAFETY: both buffers hold at least `length` positions of this head, in whole panels.
        unsafe keyBase(layer: layer, sequence: 0, head: head).update(
          from: other.keyBase(layer: layer, sequence: 0, head: head), count: keyBytes)
        unsafe valueBase(layer: layer, sequence: 0, head: head).update(
          from: other.valueBase(layer: layer, sequence: 0, head: head), count: length * valueStride)
      }
    }
    lengths[0] = length
  }

  /// Forgets all but the first `length` positions of a sequence.
  package func truncate(sequence: Int, to length: Int) {
    precondition(length >= 0 && length <= lengths[sequence], "\(length) positions of \(lengths[sequence])")
    lengths[sequence] = length
  }

  /// Forgets every sequence.
  package func reset() {
    for sequence in lengths.indices { lengths[sequence] = 0 }
  }

  /// The panels of one head's keys.
  func keyBase(layer: Int, sequence: Int, head: Int) -> UnsafeMutablePointer<UInt8> {
    // SAFETY: callers pass checked indices; the buffer holds [sequence, head, panel].
    unsafe keys[layer].base.assumingMemoryBound(to: UInt8.self) + (sequence * headCount + head) * keyLayout.byteCount
  }

  /// The values of one head.
  func valueBase(layer: Int, sequence: Int, head: Int) -> UnsafeMutablePointer<UInt8> {
    // SAFETY: as in `keyBase`.
    unsafe values[layer].base.assumingMemoryBound(to: UInt8.self) + (sequence * headCount + head) * capacity
      * valueStride
  }
}
