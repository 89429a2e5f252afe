import SpudInference
import SpudKernels
import SpudModels
import Testing

@Suite("Prefix tree")
struct PrefixTreeTests {
  let cache = KeyValueCache(
    shape: CacheShape(layerCount: 1, headCount: 1, headWidth: 8, format: .f32), capacity: 1 << 16, pageLimit: 64)

  /// A sequence with so many positions, whose pages the tree is given and which then ends.
  func insert(_ ids: [Int32], marks: [Mark]? = nil, scope: CacheScope = .shared, into tree: PrefixTree) throws
    -> [Int32]
  {
    let sequence = cache.makeSequence(expecting: ids.count)
    _ = try cache.append(Array(repeating: sequence, count: ids.count))
    let pages = cache.pages(of: sequence)
    tree.insert(ids, marks: marks ?? ids.map { _ in .read }, pages: pages, scope: scope)
    cache.releaseSequence(sequence)
    return pages
  }

  func find(_ ids: [Int32], limit: Int? = nil, scope: CacheScope = .shared, in tree: PrefixTree) -> [Int32] {
    tree.pages(of: ids, marks: ids.map { _ in .read }, limit: limit ?? ids.count, scope: scope)
  }

  @Test("the longest beginning in whole blocks is found, and no more than is asked for")
  func longest() throws {
    let tree = PrefixTree(cache: cache)
    let ids = (0..<100).map { Int32($0) }
    let pages = try insert(ids, into: tree)
    #expect(tree.count == 3 && cache.freePageCount == 61)
    #expect(find(ids, in: tree) == Array(pages[..<3]))
    #expect(find(Array(ids[..<95]), in: tree) == Array(pages[..<2]))
    #expect(find(ids, limit: 95, in: tree) == Array(pages[..<2]))
    #expect(find(ids, limit: 31, in: tree) == [])
    var changed = ids
    changed[40] = 7
    #expect(find(changed, in: tree) == [pages[0]])
    // The same block after another one is another node.
    #expect(find(Array(ids[32..<64]), in: tree) == [])
  }

  @Test("marks and scopes keep sequences apart")
  func apart() throws {
    let tree = PrefixTree(cache: cache)
    let ids = (0..<64).map { Int32($0) }
    let marks: [Mark] = ids.map { $0 < 50 ? .read : .written }
    let pages = try insert(ids, marks: marks, scope: .tenant("a"), into: tree)
    #expect(tree.pages(of: ids, marks: marks, limit: 64, scope: .tenant("a")) == pages)
    #expect(find(ids, scope: .tenant("a"), in: tree) == [pages[0]])
    for scope in [CacheScope.shared, .tenant("b"), .only(1)] {
      #expect(tree.pages(of: ids, marks: marks, limit: 64, scope: scope) == [])
    }
    _ = try insert(ids, scope: .only(1), into: tree)
    tree.forget(.tenant("a"))
    #expect(tree.count == 2 && cache.freePageCount == 62)
    #expect(find(ids, scope: .tenant("a"), in: tree) == [] && find(ids, scope: .only(1), in: tree).count == 2)
  }

  @Test("the least recently used leaves first, and what a sequence uses stays")
  func eviction() throws {
    let tree = PrefixTree(cache: cache)
    let first = (0..<96).map { Int32($0) }
    let second = first[..<32] + (100..<164).map { Int32($0) }
    let pages = try insert(first, into: tree)
    let others = try insert(Array(second), into: tree)
    #expect(tree.count == 5 && tree.evictableCount == 5)
    // The block that both begin with was here already.
    #expect(find(Array(second), in: tree) == [pages[0]] + others[1...])
    // `second` was used last: the end of `first` goes first.
    #expect(tree.evict(1))
    #expect(find(first, in: tree) == Array(pages[..<2]))
    #expect(find(Array(second), in: tree).count == 3)
    let user = cache.makeSequence()
    cache.adopt(Array(pages[..<2]), by: user)
    #expect(!tree.evict(5))
    #expect(find(first, in: tree) == Array(pages[..<2]) && tree.count == 2)
    cache.releaseSequence(user)
    #expect(tree.evict(2) && tree.count == 0 && cache.freePageCount == 64)
  }

  @Test("whatever was inserted, found, evicted and forgotten, every page is owned as often as it should be")
  func property() throws {
    let tree = PrefixTree(cache: cache)
    var random = RandomGenerator(seed: 3)
    func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    for _ in 0..<2000 {
      // Few different blocks, so that beginnings are often shared.
      let ids = (0..<1 + below(4)).flatMap { _ in Array(repeating: Int32(below(3)), count: 32) }
      let scope = CacheScope.only(UInt64(below(3)))
      switch below(8) {
      case 0: tree.forget(scope)
      case 1: _ = tree.evict(below(5))
      case 2: #expect(find(ids, scope: scope, in: tree).allSatisfy { cache.ownerCount(of: $0) == 1 })
      default:
        if cache.freePageCount < 8 { #expect(tree.evict(8)) }
        _ = try insert(ids, scope: scope, into: tree)
        #expect(find(ids, scope: scope, in: tree).count == ids.count / 32)
      }
      #expect(cache.freePageCount == 64 - tree.count)
    }
    for scope in 0..<3 { tree.forget(.only(UInt64(scope))) }
    #expect(cache.freePageCount == 64 && tree.count == 0 && tree.evictableCount == 0)
  }
}
