import Testing

@testable import SpudKernels

@Suite("Attention to chosen pages")
struct SelectionTests {
  static let (heads, keyValueHeads, width) = (4, 2, 40)

  /// Random queries, keys and values; each pair of pages has keys of a length of its own, so that bounds lie far apart.
  struct Rows {
    let queries: [[Float]]
    let keys: [[Float]]
    let values: [[Float]]
    /// The least and the greatest of each column of 64 keys.
    let bounds: [(low: [Float], high: [Float])]

    init(_ tokens: Int, seed: UInt64) {
      var random = Random(seed: seed)
      queries = (0..<tokens).map { _ in random.values(heads * width) }
      keys = (0..<tokens).map { token in
        let factor = Float(1 + (token / 64 * 7) % 23) / 6
        return random.values(keyValueHeads * width).map { $0 * factor }
      }
      values = (0..<tokens).map { _ in random.values(keyValueHeads * width) }
      var bounds: [(low: [Float], high: [Float])] = []
      for pair in 0..<tokens / 64 {
        var (low, high) = (keys[64 * pair], keys[64 * pair])
        for key in keys[64 * pair..<64 * pair + 64] {
          for column in key.indices {
            low[column] = min(low[column], key[column])
            high[column] = max(high[column], key[column])
          }
        }
        bounds.append((low, high))
      }
      self.bounds = bounds
    }
  }

  /// Appends rows to a sequence and gives what each of them attends to.
  private func attend(
    _ range: Range<Int>, of rows: Rows, to sequence: Int32 = 0, in cache: KeyValueCache, budget: Int32?,
    sinks: [Float]? = nil, with compute: Compute
  ) throws -> [[Float]] {
    let output = Activations(columns: Self.heads * Self.width)
    compute.attend(
      queries: Activations(Array(rows.queries[range])), keys: Activations(Array(rows.keys[range])),
      values: Activations(Array(rows.values[range])),
      positions: try cache.append(Array(repeating: sequence, count: range.count)), layer: 0, cache: cache, scale: 0.3,
      sinks: sinks, budgets: budget.map { Array(repeating: $0, count: range.count) }, into: output)
    return output.allRows
  }

  private func makeCache(_ format: CacheFormat, sequences: Int = 1) throws -> KeyValueCache {
    try KeyValueCache(
      layerCount: 1, headCount: Self.keyValueHeads, headWidth: Self.width, sequenceCount: sequences, capacity: 4096,
      format: format)
  }

  /// The positions that a query of one group sees, by the rule as it is written down.
  private func chosen(_ rows: Rows, token: Int, group: Int, budget: Int) -> [Int] {
    let pages = token / 32 + 1
    let recent = max(2, (pages - max(2, budget / 32 / 8)) / 2 * 2)
    let count = (budget / 32 - (pages - recent) - 2) / 2
    var worth = [Float](repeating: -.infinity, count: recent / 2)
    for head in 2 * group..<2 * group + 2 {
      let query = rows.queries[token][head * Self.width..<(head + 1) * Self.width]
      let bounds = (0..<recent / 2).map { pair in
        let (low, high) = rows.bounds[pair]
        var sum: Float = 0
        for (value, column) in zip(query, group * Self.width..<(group + 1) * Self.width) {
          sum += max(value * low[column], value * high[column])
        }
        return sum
      }
      let best = bounds.dropFirst().max() ?? 0
      for pair in 1..<recent / 2 { worth[pair] = max(worth[pair], bounds[pair] - best) }
    }
    let pairs = (1..<recent / 2).sorted { worth[$0] > worth[$1] }.prefix(count).sorted()
    return ([0] + pairs).flatMap { Array(64 * $0..<64 * $0 + 64) } + Array(32 * recent...token)
  }

  @Test(
    "of a long context a token sees the pages whose bounds are greatest, the first and the most recent ones",
    arguments: InstructionSet.supported, CacheFormat.allCases)
  func chooses(level: InstructionSet, format: CacheFormat) throws {
    let compute = Compute(threads: 2, instructionSet: level)
    let rows = Rows(1500, seed: 31)
    let cache = try makeCache(format)
    _ = try attend(0..<1490, of: rows, in: cache, budget: nil, with: compute)
    for token in [1490, 1497] {
      if token > 1490 { _ = try attend(1491..<1497, of: rows, in: cache, budget: nil, with: compute) }
      // Once without sinks, once with.
      let sinks: [Float]? = token == 1490 ? nil : [0.5, 4, 20, 38]
      let found = try attend(token..<token + 1, of: rows, in: cache, budget: 512, sinks: sinks, with: compute)[0]
      var expected: [Double] = []
      for head in 0..<Self.heads {
        let group = head / 2
        let columns = group * Self.width..<(group + 1) * Self.width
        let seen = chosen(rows, token: token, group: group, budget: 512)
        #expect(seen.count <= 512 && seen.count > 448)
        expected += Reference.attend(
          Array(rows.queries[token][head * Self.width..<(head + 1) * Self.width]),
          keys: seen.map { Array(rows.keys[$0][columns]) }, values: seen.map { Array(rows.values[$0][columns]) },
          scale: 0.3, sink: sinks?[head] ?? -.infinity)
      }
      #expect(difference(found, expected) < 4 * AttentionTests.budget(format), "token \(token)")
    }
  }

  @Test(
    "a budget that the context does not pass changes no bit", arguments: InstructionSet.supported, CacheFormat.allCases)
  func exactBelow(level: InstructionSet, format: CacheFormat) throws {
    let compute = Compute(threads: 2, instructionSet: level)
    let rows = Rows(700, seed: 32)
    let (all, some) = (try makeCache(format), try makeCache(format))
    for range in [0..<690, 690..<691, 691..<699] {
      let expected = try attend(range, of: rows, in: all, budget: nil, with: compute)
      #expect(try attend(range, of: rows, in: some, budget: 700, with: compute) == expected)
    }
  }

  @Test(
    "bounds are those of the keys that are there now, whatever stood in the page before, and of the sequence asked for",
    arguments: CacheFormat.allCases)
  func stale(format: CacheFormat) throws {
    let compute = Compute(threads: 2)
    let (old, rows) = (Rows(1200, seed: 33), Rows(1200, seed: 34))
    func fresh() throws -> [[Float]] {
      let cache = try makeCache(format)
      _ = try attend(0..<1199, of: rows, in: cache, budget: nil, with: compute)
      return try attend(1199..<1200, of: rows, in: cache, budget: 256, with: compute)
    }
    let expected = try fresh()
    let cache = try makeCache(format, sequences: 2)
    for length in [1, 40, 64, 90] {
      cache.reset()
      _ = try attend(0..<length, of: rows, in: cache, budget: nil, with: compute)
      _ = try attend(length..<1199, of: old, in: cache, budget: nil, with: compute)
      _ = try attend(1199..<1200, of: old, in: cache, budget: 256, with: compute)
      cache.truncate(sequence: 0, to: length)
      _ = try attend(0..<700, of: old, to: 1, in: cache, budget: nil, with: compute)
      _ = try attend(length..<1199, of: rows, in: cache, budget: nil, with: compute)
      #expect(
        try attend(1199..<1200, of: rows, in: cache, budget: 256, with: compute) == expected, "\(length) kept")
    }
  }

  @Test("the largest are taken, of equal ones the later, however alike they are")
  func largest() {
    var random = Random(seed: 35)
    let spread = random.values(999).map { 20 * $0 }
    let alike = random.values(999).map { 1 + $0 / 1e4 }
    let equal = (0..<999).map { Float($0 % 3) }
    let infinite = (0..<999).map { (index: Int) -> Float in
      if index % 5 == 0 { return .infinity }
      return index % 2 == 0 ? -.infinity : Float(index % 7) - 3
    }
    for values in [spread, alike, equal, infinite, [0, -0.0, 0, -0.0]] {
      for count in [0, 1, 2, 200, 998] where count < values.count {
        let expected = values.indices.sorted { (values[$0], $0) > (values[$1], $1) }.prefix(count).sorted()
        var (taken, room) = ([Int](), [Float](repeating: 0, count: values.count))
        unsafe values.withUnsafeBufferPointer { values in
          unsafe room.withUnsafeMutableBufferPointer { room in
            guard let first = values.baseAddress, let space = room.baseAddress else { return }
            unsafe PageSelection.takeLargest(count, of: first, 0..<values.count, room: space) { taken.append($0) }
          }
        }
        #expect(taken == expected, "\(count) of \(values.prefix(4))")
      }
    }
  }
}
