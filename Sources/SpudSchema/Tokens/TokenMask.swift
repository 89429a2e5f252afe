/// A set of ids, one bit each.
package struct TokenMask: Sendable, Equatable {
  package private(set) var words: [UInt64]
  /// Ids in the vocabulary.
  package let count: Int

  package init(count: Int) {
    self.count = count
    words = .init(repeating: 0, count: (count + 63) / 64)
  }

  package mutating func insert(_ id: Int32) { words[Int(id) >> 6] |= 1 << UInt64(id & 63) }

  package func contains(_ id: Int32) -> Bool {
    id >= 0 && Int(id) < count && words[Int(id) >> 6] >> UInt64(id & 63) & 1 == 1
  }

  package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  /// The ids, ascending.
  package var ids: [Int32] { (0..<Int32(count)).filter(contains) }
}
