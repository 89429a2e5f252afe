internal import SpudErrors
package import SpudTensors

/// What has been read of files since a model was loaded, for experts that were met and not in memory.
package struct ExpertReads: Sendable, Equatable {
  /// Experts that were read and packed.
  package var experts = 0
  /// Bytes of the files.
  package var bytes = 0

  package init() {}

  package static func + (one: ExpertReads, other: ExpertReads) -> ExpertReads {
    var sum = one
    sum.experts += other.experts
    sum.bytes += other.bytes
    return sum
  }
}

/// Experts that stay in their file until they are met.
extension ExpertWeights {
  /// Says where a file holds one projection of one expert, to be packed when the expert is met, and again when it
  /// had to give way to others. Either all of a layer's are said so, or none.
  ///
  /// - Throws: `SpudError.badData` when the range does not hold exactly that many weights in `encoding`.
  package func hold(
    _ projection: Projection, expert: Int, in file: MappedFile, at range: Range<Int>, encoding: ElementType
  ) throws {
    precondition(expert >= 0 && expert < expertCount, "expert \(expert) of \(expertCount)")
    precondition(range.lowerBound >= 0 && range.upperBound <= file.byteCount, "bytes \(range) of \(file.byteCount)")
    let isDown = projection == .down
    let (rows, columns) = isDown ? (width, expertWidth) : (expertWidth, width)
    _ = try (isDown ? downLayout : gateUpLayout).rowBytes(
      byteCount: range.count, encoding: encoding, columns: columns, rows: rows)
    if sources.isEmpty { sources = [StoredRows?](repeating: nil, count: expertCount * 3) }
    sources[Self.index(projection, expert)] = StoredRows(
      file, at: range, encoding: encoding, rows: rows, columns: columns)
  }

  /// Which memory these experts are in; layers of one shape may share it.
  package var memoryIdentity: ObjectIdentifier { ObjectIdentifier(memory) }
  /// How many experts that memory has room for.
  package var placeCount: Int { memory.placeCount }
  /// Bytes of it that nothing is in yet.
  package var memoryToCome: Int { sources.isEmpty ? 0 : memory.bytesToCome }

  func source(of projection: Projection, expert: Int) -> StoredRows {
    guard let source = sources[Self.index(projection, expert)] else {
      preconditionFailure("nobody said where \(projection.rawValue) of expert \(expert) is")
    }
    return source
  }

  private static func index(_ projection: Projection, _ expert: Int) -> Int {
    switch projection {
    case .gate: 3 * expert
    case .up: 3 * expert + 1
    case .down: 3 * expert + 2
    }
  }

  /// Where an expert's panels lie, gate and up first; nil while it is not in memory.
  func place(of expert: Int) -> UnsafeMutablePointer<UInt8>? { unsafe memory.place(of: firstExpert + expert) }

  /// Gives places to experts that were not met yet, as long as there are places that nothing is in.
  ///
  /// - Returns: Those experts, which are in memory once they are packed.
  func admitAhead(atMost limit: Int) -> [Int] {
    guard !sources.isEmpty else { return [] }
    memory.beginWave()
    var experts: [Int] = []
    for expert in 0..<expertCount where experts.count < limit && memory.reserve(firstExpert + expert) {
      experts.append(expert)
    }
    return experts
  }

  /// Gives places to the experts of `range` that tokens were sent to, in order, as long as there are places. Those that
  /// were never met before get none yet.
  ///
  /// - Parameter offsets: Where each expert's tokens begin, and where the last one's end.
  func admit(_ range: Range<Int>, offsets: UnsafeBufferPointer<Int32>) -> ExpertWave {
    var wave = ExpertWave(experts: range)
    guard !sources.isEmpty else { return wave }
    memory.beginWave()
    for expert in range where unsafe offsets[expert + 1] > offsets[expert] {
      if memory.meetFirst(firstExpert + expert) {
        wave.passing.append(expert)
        continue
      }
      guard let isNew = memory.meet(firstExpert + expert) else {
        wave.experts = range.lowerBound..<expert
        break
      }
      if isNew { wave.missing.append(expert) }
    }
    return wave
  }
}

/// Experts that are computed together.
struct ExpertWave {
  /// At least one.
  var experts: Range<Int>
  /// Those that have a place and are not packed there yet.
  var missing: [Int] = []
  /// Those that have no place: they are packed a few panels at a time, which are multiplied by and forgotten. Many
  /// experts are met once only, and memory that nothing was in yet costs more than packing does.
  var passing: [Int] = []
}
