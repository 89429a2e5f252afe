internal import CSpudKernels

/// Memory for packed experts of one shape: a place for each, or fewer places, which then belong to the experts that are
/// met most.
///
/// Places are given in the order in which experts are met for the second time, so that what is met once, or never,
/// takes no memory. One thread uses it at a time.
@safe
package final class ExpertMemory {
  /// Bytes of one expert.
  package let placeBytes: Int
  /// How many experts are in memory together.
  package let placeCount: Int
  private let buffer: PageBuffer
  /// The place of each expert; -1 while it has none.
  private var places: [Int32]
  /// The expert in each place, in the order in which places were first given.
  private var owners: [Int32] = []
  /// The wave that last needed each place: what one wave needs stays until the next one.
  private var waves: [UInt32] = []
  private var wave: UInt32 = 0
  /// How often each expert was met, halved now and then so that what was long ago counts less.
  private var uses: [UInt32]
  private var meetings = 0
  /// Whether each expert was ever met.
  private var isKnown: [Bool]
  /// How many experts have been given memory under the same owner so far.
  private var assigned = 0

  /// - Parameters:
  ///   - placeBytes: Bytes of one expert, a multiple of 64.
  ///   - expertCount: How many experts share the memory.
  ///   - placeCount: How many of them have a place together, at least 1.
  /// - Throws: `SpudError` when the system has no memory left.
  package init(placeBytes: Int, expertCount: Int, placeCount: Int) throws {
    precondition(placeBytes % 64 == 0 && placeCount > 0, "\(placeCount) places of \(placeBytes) bytes")
    self.placeBytes = placeBytes
    self.placeCount = min(placeCount, expertCount)
    buffer = try PageBuffer(
      byteCount: placeBytes * self.placeCount, for: "\(self.placeCount) experts of \(placeBytes) bytes")
    places = [Int32](repeating: -1, count: expertCount)
    uses = [UInt32](repeating: 0, count: expertCount)
    isKnown = [Bool](repeating: false, count: expertCount)
  }

  /// Numbers for the experts of one more layer.
  func assign(_ count: Int) -> Int {
    precondition(assigned + count <= places.count, "\(assigned + count) experts in memory for \(places.count)")
    defer { assigned += count }
    return assigned
  }

  /// Bytes of places that nothing is in yet.
  var bytesToCome: Int { (placeCount - owners.count) * placeBytes }

  /// Where an expert lies; nil while it is not in memory.
  func place(of expert: Int) -> UnsafeMutablePointer<UInt8>? {
    let place = Int(places[expert])
    guard place >= 0 else { return nil }
    // SAFETY: places below `placeCount` lie inside the buffer.
    return unsafe buffer.base.assumingMemoryBound(to: UInt8.self) + place * placeBytes
  }

  /// Begins a wave: experts that it meets keep their places until the next one begins.
  func beginWave() { wave &+= 1 }

  /// Meets an expert for the first time, if it is that and nobody gave it a place.
  func meetFirst(_ expert: Int) -> Bool {
    guard !isKnown[expert] else { return false }
    isKnown[expert] = true
    return places[expert] < 0
  }

  /// Meets an expert, which gets a place if it has none; that may be the place of the expert that was met least.
  ///
  /// - Returns: Whether its weights have to be put there; nil when this wave has all places already.
  func meet(_ expert: Int) -> Bool? {
    if places[expert] >= 0 {
      count(expert)
      return false
    }
    let place: Int
    if owners.count < placeCount {
      place = owners.count
      owners.append(Int32(expert))
      waves.append(wave)
    } else {
      guard let least = leastMet() else { return nil }
      place = least
      places[Int(owners[place])] = -1
      owners[place] = Int32(expert)
    }
    places[expert] = Int32(place)
    count(expert)
    return true
  }

  /// Gives an expert a place that nothing is in yet, before it is met.
  ///
  /// - Returns: Whether it got one: not where it has one, nor where none is left.
  func reserve(_ expert: Int) -> Bool {
    guard places[expert] < 0, owners.count < placeCount else { return false }
    places[expert] = Int32(owners.count)
    owners.append(Int32(expert))
    waves.append(wave)
    return true
  }

  private func count(_ expert: Int) {
    waves[Int(places[expert])] = wave
    uses[expert] += 1
    meetings += 1
    // Each expert in memory has been met some 64 times since.
    guard meetings >= 64 * placeCount else { return }
    meetings = 0
    for index in uses.indices { uses[index] /= 2 }
  }

  /// The place of the expert that was met least among those that this wave does not need.
  private func leastMet() -> Int? {
    var found: Int?
    var fewest = UInt32.max
    for (place, owner) in owners.enumerated() where waves[place] != wave {
      let count = uses[Int(owner)]
      if count < fewest || found == nil { (found, fewest) = (place, count) }
    }
    return found
  }
}
