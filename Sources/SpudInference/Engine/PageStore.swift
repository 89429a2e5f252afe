package import SpudKernels

/// Pages of keys and values that are kept beyond the process, and beyond what the cache has room for.
///
/// What a store gives back is what it was given, bit for bit, or it throws. Its methods take as long as a disk does:
/// they are called from threads that may wait.
package protocol PageStore: AnyObject, Sendable {
  /// The longest beginning of a sequence that is kept, in whole blocks of 32 ids.
  ///
  /// - Parameters:
  ///   - written: For each whole block, bit i is set where its id i was written.
  ///   - limit: At most so many blocks are looked for.
  ///   - tenant: Whose it is: nothing of another's is found.
  /// - Returns: Parts that follow each other from block 0 on, each of which can be restored on its own.
  func find(_ ids: [Int32], written: [UInt32], limit: Int, tenant: String) throws -> [StoredPages]

  /// Fills pages with what a part holds.
  ///
  /// - Parameter pages: One for each block of the part; nil where it is not wanted. Their bytes mean nothing if this
  ///   throws.
  func restore(_ part: StoredPages, to pages: [PageView?]) throws

  /// Keeps pages; what is there already is not kept twice. When it returns, they are not lost any more.
  ///
  /// - Parameters:
  ///   - blocks: Which blocks of the sequence `pages` are.
  func save(_ ids: [Int32], written: [UInt32], blocks: Range<Int>, pages: [PageView], tenant: String) throws

  /// Keeps what finds an answer again by its words. When it returns, that is not lost any more.
  ///
  /// - Parameter ids: The sequence that the answer ends; what is kept goes when its pages are forgotten.
  func keep(_ answer: [UInt8], endOf ids: [Int32], written: [UInt32], tenant: String) throws

  /// What `keep` was given for a tenant, the oldest first; of much, the newest.
  func answers(of tenant: String) throws -> [[UInt8]]
}

/// Blocks of a sequence that a store keeps together.
package struct StoredPages: Sendable {
  package var blocks: Range<Int>
  /// The store's own name for them.
  package var place: any Sendable

  package init(blocks: Range<Int>, place: any Sendable) {
    self.blocks = blocks
    self.place = place
  }
}

extension CacheScope {
  /// Whose pages they are to a store; nil for what is not kept beyond its session.
  var tenant: String? {
    switch self {
    case .shared: ""
    case .tenant(let name): "tenant " + name
    case .only: nil
    }
  }
}
