package import SpudKernels
package import SpudModels

/// Whose prefixes a request may find, and leave to be found.
package enum CacheScope: Hashable, Sendable {
  /// Everyone who uses the model in this process.
  case shared
  /// A tenant of a server.
  case tenant(String)
  /// One caller alone, by a number of its own.
  case only(UInt64)
}

/// The beginnings of sequences whose keys and values are still in the cache, by their ids.
///
/// A node is a block of 32 ids with their marks, and owns the page with their keys and values; its children are the
/// blocks that followed it. Blocks are compared id by id, media included, so that none is taken for another. Of those
/// that no sequence uses, the least recently used leaves first.
///
/// - Complexity: A look-up is O(ids). Nodes are kept in an array and linked by index, so that nothing is counted by
///   reference on the way.
package final class PrefixTree {
  private struct Key: Hashable {
    /// The node before; scopes have numbers below zero.
    var parent: Int
    var ids: [Int32]
    /// Bit i is set where id i was written.
    var written: UInt32

    func hash(into hasher: inout Hasher) {
      hasher.combine(parent)
      hasher.combine(written)
      // Two ids at a time take half as long.
      for place in stride(from: 0, to: ids.count - 1, by: 2) {
        hasher.combine(UInt64(UInt32(bitPattern: ids[place])) << 32 | UInt64(UInt32(bitPattern: ids[place + 1])))
      }
    }
  }

  private struct Node {
    var key: Key
    var page: Int32
    var childCount = 0
    /// Neighbours in the list of all nodes by use; -1 at its ends.
    var older = -1
    var newer = -1
  }

  private static let blockLength = KeyValueCache.positionsPerPage

  private let cache: KeyValueCache
  private var nodes: [Node] = []
  private var freeNodes: [Int] = []
  private var places: [Key: Int] = [:]
  private var scopes: [CacheScope: Int] = [:]
  private var nextScope = -1
  private var oldest = -1
  private var newest = -1

  /// - Parameter cache: Where the pages are; the tree owns one share of each page that it holds.
  package init(cache: KeyValueCache) {
    self.cache = cache
  }

  /// Blocks held, each a page.
  package var count: Int { nodes.count - freeNodes.count }

  /// The pages of the longest beginning of `ids` that is here, whole blocks only, and makes them the most recently
  /// used.
  ///
  /// - Parameters:
  ///   - ids: A sequence from its beginning, with a mark for each.
  ///   - limit: At most so many ids are looked for.
  package func pages(of ids: [Int32], marks: [Mark], limit: Int, scope: CacheScope) -> [Int32] {
    guard let root = scopes[scope] else { return [] }
    var path: [Int] = []
    var parent = root
    while (path.count + 1) * Self.blockLength <= min(limit, ids.count) {
      guard let node = places[key(path.count, of: ids, marks, parent)] else { break }
      path.append(node)
      parent = node
    }
    touch(path)
    return path.map { nodes[$0].page }
  }

  /// Remembers the whole blocks at the beginning of a sequence. Where a block is here already, its own page stays, and
  /// the sequence's is not kept.
  ///
  /// - Parameters:
  ///   - ids: What the pages hold.
  ///   - pages: A page for each block of 32 ids; a last one that is not full is ignored.
  package func insert(_ ids: [Int32], marks: [Mark], pages: [Int32], scope: CacheScope) {
    let blocks = min(ids.count / Self.blockLength, pages.count)
    guard blocks > 0 else { return }
    if scopes[scope] == nil {
      nextScope -= 1
      scopes[scope] = nextScope
    }
    var path: [Int] = []
    var parent = scopes[scope] ?? nextScope
    for block in 0..<blocks {
      let key = key(block, of: ids, marks, parent)
      let node = places[key] ?? add(key, page: pages[block])
      path.append(node)
      parent = node
    }
    touch(path)
  }

  /// Gives up pages that nobody else owns, the least recently used first.
  ///
  /// - Returns: Whether `count` pages could be given up.
  package func evict(_ count: Int) -> Bool {
    var freed = 0
    var node = oldest
    while node >= 0, freed < count {
      let next = nodes[node].newer
      if nodes[node].childCount == 0, cache.ownerCount(of: nodes[node].page) == 1 {
        // Its parent is more recent, so it is still to come.
        remove(node)
        freed += 1
      }
      node = next
    }
    return freed == count
  }

  /// Pages that `evict` could give up: those that only the tree owns.
  package var evictableCount: Int {
    var result = 0
    var node = oldest
    while node >= 0 {
      if cache.ownerCount(of: nodes[node].page) == 1 { result += 1 }
      node = nodes[node].newer
    }
    return result
  }

  /// Forgets everything that a scope holds.
  package func forget(_ scope: CacheScope) {
    guard let root = scopes.removeValue(forKey: scope) else { return }
    var doomed = Set([root])
    // From the most recently used on, which parents are before their children.
    var node = newest
    while node >= 0 {
      let older = nodes[node].older
      if doomed.contains(nodes[node].key.parent) { doomed.insert(node) }
      node = older
    }
    for node in doomed where node >= 0 { remove(node) }
  }

  private func key(_ block: Int, of ids: [Int32], _ marks: [Mark], _ parent: Int) -> Key {
    let range = block * Self.blockLength..<(block + 1) * Self.blockLength
    var written: UInt32 = 0
    for place in range where marks[place] == .written { written |= 1 << (place - range.lowerBound) }
    return Key(parent: parent, ids: Array(ids[range]), written: written)
  }

  private func add(_ key: Key, page: Int32) -> Int {
    cache.retain(page)
    let node: Int
    if let free = freeNodes.popLast() {
      node = free
      nodes[node] = Node(key: key, page: page)
    } else {
      node = nodes.count
      nodes.append(Node(key: key, page: page))
    }
    places[key] = node
    if key.parent >= 0 { nodes[key.parent].childCount += 1 }
    link(node)
    return node
  }

  private func remove(_ node: Int) {
    unlink(node)
    places[nodes[node].key] = nil
    if nodes[node].key.parent >= 0 { nodes[nodes[node].key.parent].childCount -= 1 }
    cache.release(nodes[node].page)
    freeNodes.append(node)
  }

  /// Makes a path the most recently used, its root last: so no node is older than its children.
  private func touch(_ path: [Int]) {
    for node in path.reversed() {
      unlink(node)
      link(node)
    }
  }

  private func link(_ node: Int) {
    nodes[node].older = newest
    nodes[node].newer = -1
    if newest >= 0 { nodes[newest].newer = node } else { oldest = node }
    newest = node
  }

  private func unlink(_ node: Int) {
    let (older, newer) = (nodes[node].older, nodes[node].newer)
    if older >= 0 { nodes[older].newer = newer } else { oldest = newer }
    if newer >= 0 { nodes[newer].older = older } else { newest = older }
  }
}
