import SpudKernels
import Testing

@Suite("Attention")
struct AttentionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let heads: Int
    let keyValueHeads: Int
    let headWidth: Int
    let tokens: Int
    var testDescription: String { "\(heads)/\(keyValueHeads) heads of \(headWidth), \(tokens) tokens" }
  }

  static let cases = [
    Case(heads: 4, keyValueHeads: 4, headWidth: 64, tokens: 45),
    Case(heads: 6, keyValueHeads: 2, headWidth: 20, tokens: 37),
    Case(heads: 16, keyValueHeads: 1, headWidth: 33, tokens: 7),
    Case(heads: 3, keyValueHeads: 3, headWidth: 128, tokens: 70),
    Case(heads: 5, keyValueHeads: 1, headWidth: 40, tokens: 150),
  ]

  static func budget(_ format: CacheFormat) -> Double {
    switch format {
    case .f32: 1e-5
    case .bf16: 3e-2
    // Bytes on both sides; a query's steps are up to 20 % larger than the exact ones.
    case .q8: 6e-2
    }
  }

  @Test("attention agrees with the scalar reference", arguments: InstructionSet.supported, CacheFormat.allCases)
  func agrees(level: InstructionSet, format: CacheFormat) throws {
    let compute = Compute(threads: 2, instructionSet: level)
    for test in Self.cases {
      var random = Random(seed: 9)
      let queries = (0..<test.tokens).map { _ in random.values(test.heads * test.headWidth) }
      let keys = (0..<test.tokens).map { _ in random.values(test.keyValueHeads * test.headWidth) }
      let values = (0..<test.tokens).map { _ in random.values(test.keyValueHeads * test.headWidth) }
      let scale = 1 / Float(test.headWidth).squareRoot()
      let cache = try KeyValueCache(
        layerCount: 2, headCount: test.keyValueHeads, headWidth: test.headWidth, sequenceCount: 1,
        capacity: test.tokens,
        format: format)
      let positions = try cache.append(Array(repeating: 0, count: test.tokens))
      let output = Activations(columns: test.heads * test.headWidth)
      compute.attend(
        queries: Activations(queries), keys: Activations(keys), values: Activations(values), positions: positions,
        layer: 1,
        cache: cache, scale: scale, into: output)
      for token in 0..<test.tokens {
        var expected: [Double] = []
        for head in 0..<test.heads {
          let shared = head / (test.heads / test.keyValueHeads)
          let range = shared * test.headWidth..<(shared + 1) * test.headWidth
          expected += Reference.attend(
            Array(queries[token][head * test.headWidth..<(head + 1) * test.headWidth]),
            keys: keys[...token].map { Array($0[range]) }, values: values[...token].map { Array($0[range]) },
            scale: scale)
        }
        #expect(difference(output[token], expected) < Self.budget(format), "\(test.testDescription), token \(token)")
      }
    }
  }

  @Test(
    "token by token, all at once and in a batch with another sequence are the same, bit for bit",
    arguments: InstructionSet.supported, CacheFormat.allCases)
  func sameInEveryBatch(level: InstructionSet, format: CacheFormat) throws {
    var random = Random(seed: 10)
    let tokens = 141
    let queries = (0..<tokens).map { _ in random.values(4 * 40) }
    let keys = (0..<tokens).map { _ in random.values(2 * 40) }
    let values = (0..<tokens).map { _ in random.values(2 * 40) }

    func run(threads: Int, batches: [[(sequence: Int32, token: Int)]]) throws -> [Int: [Float]] {
      let compute = Compute(threads: threads, instructionSet: level)
      let cache = try KeyValueCache(
        layerCount: 1, headCount: 2, headWidth: 40, sequenceCount: 2, capacity: tokens, format: format)
      var results: [Int: [Float]] = [:]
      for batch in batches {
        let positions = try cache.append(batch.map(\.sequence))
        let output = Activations(columns: 4 * 40)
        compute.attend(
          queries: Activations(batch.map { queries[$0.token] }), keys: Activations(batch.map { keys[$0.token] }),
          values: Activations(batch.map { values[$0.token] }), positions: positions, layer: 0, cache: cache, scale: 0.2,
          into: output)
        for (index, entry) in batch.enumerated() where entry.sequence == 1 { results[entry.token] = output[index] }
      }
      return results
    }

    let together = try run(threads: 2, batches: [(0..<tokens).map { (1, $0) }])
    let one = try run(threads: 1, batches: (0..<tokens).map { [(1, $0)] })
    let mixed = try run(threads: 2, batches: (0..<tokens).map { [(0, tokens - 1 - $0), (1, $0)] })
    #expect(together == one && together == mixed && together.count == tokens)
  }

  @Test(
    "what a later token's values are, even infinite, does not reach an earlier token of its tile",
    arguments: InstructionSet.supported, CacheFormat.allCases)
  func laterValues(level: InstructionSet, format: CacheFormat) throws {
    let compute = Compute(threads: 1, instructionSet: level)
    // Heads in a group, positions before the last eight: tiles of one to six tokens, odd and even lengths.
    for (group, past) in [(1, 0), (1, 1), (1, 64), (2, 3), (3, 62), (6, 5)] {
      var random = Random(seed: 14)
      let tokens = past + 8
      let width = 72
      let queries = Activations((0..<tokens).map { _ in random.values(group * width) })
      let keys = Activations((0..<tokens).map { _ in random.values(width) })
      let values = (0..<tokens).map { _ in random.values(width) }
      func attend(_ values: [[Float]]) throws -> [[Float]] {
        let cache = try KeyValueCache(
          layerCount: 1, headCount: 1, headWidth: width, sequenceCount: 1, capacity: tokens, format: format)
        let output = Activations(columns: group * width)
        compute.attend(
          queries: queries, keys: keys, values: Activations(values),
          positions: try cache.append(Array(repeating: 0, count: tokens)), layer: 0, cache: cache, scale: 0.1,
          into: output)
        return output.allRows
      }
      let usual = try attend(values)
      for first in past..<tokens {
        for bad in [Float.infinity, .nan] {
          let others = try attend(
            values[..<first] + Array(repeating: Array(repeating: bad, count: width), count: tokens - first))
          #expect(usual[..<first] == others[..<first], "groups of \(group), \(bad) from token \(first) of \(tokens)")
          // Bytes know no NaN: a row of nothing else is zeros.
          guard format != .q8 || !bad.isNaN else { continue }
          #expect(others[first...].allSatisfy { $0.allSatisfy { !$0.isFinite } })
        }
      }
    }
  }

  @Test("a truncated cache continues as if the rest had never been")
  func truncation() throws {
    var random = Random(seed: 11)
    let compute = Compute(threads: 2)
    let rows = (0..<6).map { _ in random.values(32) }
    let cache = try KeyValueCache(
      layerCount: 1, headCount: 1, headWidth: 32, sequenceCount: 1, capacity: 8, format: .bf16)
    func attend(_ indices: [Int]) throws -> [[Float]] {
      let x = Activations(indices.map { rows[$0] })
      let positions = try cache.append(Array(repeating: 0, count: indices.count))
      let output = Activations(columns: 32)
      compute.attend(
        queries: x, keys: x, values: x, positions: positions, layer: 0, cache: cache, scale: 1, into: output)
      return output.allRows
    }
    let first = try attend([0, 1, 2])
    cache.truncate(sequence: 0, to: 1)
    let again = try attend([1, 2])
    #expect(Array(first[1...]) == again)
    #expect(throws: (any Error).self) { try cache.append(Array(repeating: 0, count: 6)) }
    #expect(cache.length(of: 0) == 3)
  }

  @Test("rotation turns the pairs that it says by the angle that it says")
  func rotation() throws {
    let compute = Compute(threads: 1)
    var random = Random(seed: 12)
    for pairing in [RotaryTable.Pairing.halves, .adjacent] {
      let table = RotaryTable(width: 8, base: 10000, pairing: pairing)
      let cache = try KeyValueCache(
        layerCount: 1, headCount: 1, headWidth: 10, sequenceCount: 1, capacity: 100, format: .f32)
      let positions = try cache.append(Array(repeating: 0, count: 70))
      let before = (0..<70).map { _ in random.values(20) }
      let x = Activations(before)
      compute.rotate(x, headWidth: 10, positions: positions, table: table)
      for position in 0..<70 {
        for head in 0..<2 {
          for pair in 0..<4 {
            let (a, b) = pairing == .halves ? (pair, pair + 4) : (2 * pair, 2 * pair + 1)
            let (re, im) = (Double(before[position][head * 10 + a]), Double(before[position][head * 10 + b]))
            let (re2, im2) = (Double(x[position][head * 10 + a]), Double(x[position][head * 10 + b]))
            // The length is kept, and pair 0 turns by one radian a position.
            #expect(abs(re * re + im * im - re2 * re2 - im2 * im2) < 1e-4)
            if pair == 0, position == 1 {
              #expect(abs(re2 - (re * 0.5403023 - im * 0.8414710)) < 1e-5)
              #expect(abs(im2 - (im * 0.5403023 + re * 0.8414710)) < 1e-5)
            }
          }
          #expect(x[position][head * 10 + 9] == before[position][head * 10 + 9])
        }
      }
    }
  }
}
