import SpudKernels
import Testing

@Suite("Pages of the cache")
struct PagingTests {
  /// One layer of attention over random rows, to be fed in any order.
  struct Setup {
    let compute: Compute
    let rows: [[Float]]
    let format: CacheFormat
    let width = 40

    init(_ level: InstructionSet, _ format: CacheFormat, tokens: Int) {
      compute = Compute(threads: 2, instructionSet: level)
      var random = Random(seed: 21)
      rows = (0..<tokens).map { _ in random.values(2 * 40) }
      self.format = format
    }

    func makeCache(pages: Int, layers: Int = 2) -> KeyValueCache {
      KeyValueCache(
        shape: CacheShape(layerCount: layers, headCount: 2, headWidth: width, format: format), capacity: 4096,
        pageLimit: pages)
    }

    /// Appends the rows of `range` to a sequence and returns both layers' outputs.
    func attend(_ range: Range<Int>, of sequence: Int32, in cache: KeyValueCache) throws -> [[Float]] {
      let x = Activations(Array(rows[range]))
      let positions = try cache.append(Array(repeating: sequence, count: range.count))
      return (0..<cache.layerCount).map { layer in
        let output = Activations(columns: 2 * width)
        compute.attend(
          queries: x, keys: x, values: x, positions: positions, layer: layer, cache: cache, scale: 0.3, into: output)
        return output.allRows.flatMap { $0 }
      }
    }
  }

  @Test("in a fragmented cache no two pages of a sequence lie side by side")
  func fragmented() throws {
    let cache = Setup(.portable, .q8, tokens: 1).makeCache(pages: 560)
    try cache.fragment(140)
    for length in [4096, 384] {
      let sequence = cache.makeSequence(expecting: length)
      _ = try cache.append(Array(repeating: sequence, count: length))
      let pages = cache.pages(of: sequence)
      #expect(pages.count == length / 32 && zip(pages, pages.dropFirst()).allSatisfy { $1 != $0 + 1 })
    }
    #expect(cache.freePageCount == 0)
  }

  @Test(
    "a sequence whose pages are scattered gives the same bits as one whose pages are consecutive",
    arguments: InstructionSet.supported, CacheFormat.allCases)
  func scattered(level: InstructionSet, format: CacheFormat) throws {
    let setup = Setup(level, format, tokens: 333)
    let fresh = setup.makeCache(pages: 12)
    let whole = fresh.makeSequence(expecting: 333)
    let expected = try [0..<300, 300..<301, 301..<333].map { try setup.attend($0, of: whole, in: fresh) }
    #expect(fresh.pages(of: whole) == Array(0..<11))

    // Three sequences grow in turn, a page each; then two of them leave, and the new one takes what they left.
    let used = setup.makeCache(pages: 24)
    let others = (0..<3).map { _ in used.makeSequence() }
    for _ in 0..<7 {
      for other in others { _ = try used.append(Array(repeating: other, count: 32)) }
    }
    used.releaseSequence(others[0])
    used.truncate(sequence: Int(others[2]), to: 32)
    let scattered = used.makeSequence()
    let found = try [0..<300, 300..<301, 301..<333].map { try setup.attend($0, of: scattered, in: used) }
    let pages = used.pages(of: scattered)
    #expect(zip(pages, pages.dropFirst()).contains { $1 != $0 + 1 }, "\(pages) are not scattered")
    #expect(found == expected)
  }

  @Test("a sequence that adopts whole pages continues as their first owner does", arguments: CacheFormat.allCases)
  func adopted(format: CacheFormat) throws {
    let setup = Setup(.best, format, tokens: 150)
    let cache = setup.makeCache(pages: 16)
    let first = cache.makeSequence()
    _ = try setup.attend(0..<100, of: first, in: cache)
    let second = cache.makeSequence()
    cache.adopt(Array(cache.pages(of: first).prefix(3)), by: second)
    #expect(cache.length(of: Int(second)) == 96)
    _ = try setup.attend(96..<100, of: second, in: cache)
    let continued = try setup.attend(100..<150, of: second, in: cache)
    #expect(try setup.attend(100..<150, of: first, in: cache) == continued)
    #expect(cache.ownerCount(of: cache.pages(of: first)[0]) == 2)
  }

  @Test("a page with another owner is copied before it is written, and stays what it was")
  func copiedOnWrite() throws {
    let setup = Setup(.best, .bf16, tokens: 100)
    let cache = setup.makeCache(pages: 8)
    let sequence = cache.makeSequence()
    let before = try setup.attend(0..<64, of: sequence, in: cache)
    let kept = cache.pages(of: sequence)
    for page in kept { cache.retain(page) }
    cache.truncate(sequence: Int(sequence), to: 40)
    #expect(cache.pagesNeeded(for: [sequence]) == 1)
    _ = try setup.attend(70..<80, of: sequence, in: cache)
    #expect(cache.pages(of: sequence)[1] != kept[1])
    #expect(cache.pages(of: sequence)[0] == kept[0])
    // What was kept still reads as before.
    let again = cache.makeSequence()
    cache.adopt([kept[0]], by: again)
    let rest = try setup.attend(32..<64, of: again, in: cache)
    #expect(rest[1] == Array(before[1].suffix(rest[1].count)))
    let fresh = cache.makeSequence()
    cache.adopt(kept, by: fresh)
    let other = cache.makeSequence()
    let same = try setup.attend(0..<64, of: other, in: cache)
    #expect(same == before)
    #expect(try setup.attend(64..<70, of: fresh, in: cache) == setup.attend(64..<70, of: other, in: cache))
  }

  @Test("what does not fit is refused, and the cache is as before")
  func full() throws {
    let setup = Setup(.best, .q8, tokens: 100)
    let cache = setup.makeCache(pages: 3)
    let (first, second) = (cache.makeSequence(), cache.makeSequence())
    _ = try cache.append(Array(repeating: first, count: 40))
    #expect(cache.freePageCount == 1)
    #expect(throws: (any Error).self) { try cache.append(Array(repeating: second, count: 33)) }
    #expect(throws: (any Error).self) { try cache.append([second] + Array(repeating: first, count: 25)) }
    #expect(cache.freePageCount == 1 && cache.length(of: Int(second)) == 0 && cache.length(of: Int(first)) == 40)
    _ = try cache.append(Array(repeating: second, count: 32))
    cache.releaseSequence(first)
    #expect(cache.freePageCount == 2 && !cache.has(first))
    #expect(cache.makeSequence() == first)
  }

  private func pick(_ values: [Int32], _ random: inout Random) -> Int32? {
    values.isEmpty ? nil : values[random.below(values.count)]
  }

  @Test("pages are free exactly when nobody owns them, whatever was done in which order")
  func counted() throws {
    var random = Random(seed: 5)
    let cache = KeyValueCache(
      shape: CacheShape(layerCount: 1, headCount: 1, headWidth: 8, format: .f32), capacity: 400, pageLimit: 40)
    var live: [Int32] = []
    var retained: [Int32] = []
    for _ in 0..<4000 {
      switch random.below(6) {
      case 0: if live.count < 10 { live.append(cache.makeSequence(expecting: 1 + random.below(300))) }
      case 1:
        guard !live.isEmpty else { continue }
        cache.releaseSequence(live.remove(at: random.below(live.count)))
      case 2:
        guard let sequence = pick(live, &random) else { continue }
        cache.truncate(sequence: Int(sequence), to: random.below(cache.length(of: Int(sequence)) + 1))
      case 3:
        guard let sequence = pick(live, &random), let page = cache.pages(of: sequence).last else { continue }
        cache.retain(page)
        retained.append(page)
      case 4:
        guard !retained.isEmpty else { continue }
        cache.release(retained.remove(at: random.below(retained.count)))
      default:
        guard let sequence = pick(live, &random) else { continue }
        let tokens = Array(repeating: sequence, count: 1 + random.below(70))
        let needed = cache.pagesNeeded(for: tokens)
        let free = cache.freePageCount
        let fits = needed <= free && cache.length(of: Int(sequence)) + tokens.count <= 400
        if fits { _ = try cache.append(tokens) } else { #expect(throws: (any Error).self) { try cache.append(tokens) } }
      }
      let owned = Set(live.flatMap { cache.pages(of: $0) } + retained)
      #expect(cache.freePageCount == 40 - owned.count)
      for sequence in live {
        #expect(cache.pages(of: sequence).count == KeyValueCache.pageCount(of: cache.length(of: Int(sequence))))
      }
    }
  }
}
