/// What each pair of neighbouring tokens merges to, and in what order.
struct MergeTable: Sendable {
  struct Merge: Equatable {
    /// Lower merges first.
    var rank: UInt32
    var result: Int32
  }

  private var keys: [UInt64] = []  // left << 32 | right, or `vacant`; open addressing, a power of two
  private var merges: [Merge] = []
  private var count = 0
  private let seed = UInt64.random(in: .min ... .max)
  private static let vacant = UInt64.max

  init(minimumCapacity: Int) { resize(minimumCapacity) }

  /// Sets what a pair merges to; a later merge of the same pair replaces an earlier one.
  mutating func insert(_ left: Int32, _ right: Int32, _ merge: Merge) {
    let key = Self.key(left, right)
    let slot = slot(of: key)
    if keys[slot] == Self.vacant {
      count += 1
      keys[slot] = key
    }
    merges[slot] = merge
    if count * 2 > keys.count { resize(count * 2) }
  }

  @inline(__always)
  func merge(of left: Int32, _ right: Int32) -> Merge? {
    let slot = slot(of: Self.key(left, right))
    return keys[slot] == Self.vacant ? nil : merges[slot]
  }

  /// What the merges make, in no order, each perhaps more than once.
  var results: some Sequence<Int32> {
    zip(keys, merges).lazy.filter { $0.0 != Self.vacant }.map(\.1.result)
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  private func slot(of key: UInt64) -> Int {
    let mask = keys.count - 1
    var slot = Int(truncatingIfNeeded: mixed(key ^ seed)) & mask
    while keys[slot] != key, keys[slot] != Self.vacant { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func resize(_ capacity: Int) {
    var size = 1024
    while size < capacity * 2 { size *= 2 }
    let (oldKeys, oldMerges) = (keys, merges)
    keys = [UInt64](repeating: Self.vacant, count: size)
    merges = [Merge](repeating: Merge(rank: 0, result: 0), count: size)
    for (key, merge) in zip(oldKeys, oldMerges) where key != Self.vacant {
      let slot = slot(of: key)
      keys[slot] = key
      merges[slot] = merge
    }
  }
}
