/// Tokens by their spelling in the file, and by id.
///
/// Spellings are compared byte by byte. A dictionary of `String` would take canonically equivalent spellings for one,
/// and vocabularies hold both.
struct TokenTable: Sendable {
  private var bytes: [UInt8] = []  // all spellings, end to end
  private var ends: [Int] = [0]  // [count + 1]: spelling i is bytes[ends[i]..<ends[i + 1]]
  private var ids: [Int32] = []  // [count]
  private var slots: [Int32] = []  // entry + 1, or 0; open addressing, a power of two
  private var entryOfID: [Int32] = []  // entry + 1, or 0
  // A file cannot aim at collisions that it does not know.
  private let seed = UInt64.random(in: .min ... .max)

  /// The highest id that a table takes; it bounds what a hostile id can make it allocate.
  static let idLimit: Int32 = 1 << 22

  init(minimumCapacity: Int) {
    reserve(minimumCapacity)
    ids.reserveCapacity(minimumCapacity)
    ends.reserveCapacity(minimumCapacity + 1)
  }

  var count: Int { ids.count }
  /// One more than the highest id.
  var idEnd: Int32 { Int32(entryOfID.count) }

  enum Insertion { case inserted, knownSpelling(Int32), knownID }

  /// Adds a token unless its spelling or its id is taken; `id` is in 0..<`idLimit`.
  mutating func insert(_ spelling: [UInt8], id: Int32) -> Insertion {
    let slot = slot(of: spelling)
    if slots[slot] > 0 { return .knownSpelling(ids[Int(slots[slot] - 1)]) }
    let index = Int(id)
    if index >= entryOfID.count {
      entryOfID.append(contentsOf: repeatElement(0, count: index + 1 - entryOfID.count))
    }
    guard entryOfID[index] == 0 else { return .knownID }
    bytes.append(contentsOf: spelling)
    ends.append(bytes.count)
    ids.append(id)
    slots[slot] = Int32(ids.count)
    entryOfID[index] = Int32(ids.count)
    if ids.count * 2 > slots.count { reserve(ids.count * 2) }
    return .inserted
  }

  /// The id of the token spelt so.
  func id(of spelling: [UInt8]) -> Int32? {
    let entry = slots[slot(of: spelling)]
    return entry > 0 ? ids[Int(entry - 1)] : nil
  }

  /// The spelling of a token.
  func spelling(of id: Int32) -> ArraySlice<UInt8>? {
    guard id >= 0, id < idEnd else { return nil }
    let entry = Int(entryOfID[Int(id)])
    return entry > 0 ? bytes[ends[entry - 1]..<ends[entry]] : nil
  }

  /// Where `spelling` is, or where it would go.
  private func slot(of spelling: [UInt8]) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash(spelling)) & mask
    while slots[slot] > 0 {
      let entry = Int(slots[slot])
      let range = ends[entry - 1]..<ends[entry]
      if range.count == spelling.count, bytes[range].elementsEqual(spelling) { return slot }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private func hash(_ spelling: some Sequence<UInt8>) -> UInt64 {
    var state = seed
    for byte in spelling { state = mixed(state ^ UInt64(byte)) }
    return state ^ state >> 32
  }

  private mutating func reserve(_ capacity: Int) {
    var size = 1024
    while size < capacity * 2 { size *= 2 }
    slots = [Int32](repeating: 0, count: size)
    for entry in ids.indices {
      var slot = Int(truncatingIfNeeded: hash(bytes[ends[entry]..<ends[entry + 1]])) & (size - 1)
      while slots[slot] > 0 { slot = (slot + 1) & (size - 1) }
      slots[slot] = Int32(entry + 1)
    }
  }
}

/// One step of a multiplicative hash: both halves of the product are used.
@inline(__always)
func mixed(_ value: UInt64) -> UInt64 {
  let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
  return product.high ^ product.low
}
