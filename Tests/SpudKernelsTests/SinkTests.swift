import SpudKernels
import Testing

@Suite("Attention sinks")
struct SinkTests {
  static let (heads, keyValueHeads, width, tokens) = (6, 2, 40, 75)
  /// From one that counts for nothing to one that leaves the others next to nothing.
  static let sinks: [Float] = [-9, 0, 1, 3, 8, 14]

  /// Random rows, and what attention makes of them.
  struct Rows {
    let queries: [[Float]]
    let keys: [[Float]]
    let values: [[Float]]

    init(seed: UInt64) {
      var random = Random(seed: seed)
      queries = (0..<tokens).map { _ in random.values(heads * width) }
      keys = (0..<tokens).map { _ in random.values(keyValueHeads * width) }
      values = (0..<tokens).map { _ in random.values(keyValueHeads * width) }
    }

    /// Appends all rows, `step` at a time.
    func attend(
      _ compute: Compute, _ format: CacheFormat, step: Int, window: Int?, sinks: [Float]?
    ) throws -> [[Float]] {
      let cache = try KeyValueCache(
        layerCount: 1, headCount: keyValueHeads, headWidth: width, sequenceCount: 1, capacity: tokens, format: format)
      var result: [[Float]] = []
      for start in stride(from: 0, to: tokens, by: step) {
        let range = start..<min(start + step, tokens)
        let output = Activations(columns: heads * width)
        compute.attend(
          queries: Activations(Array(queries[range])), keys: Activations(Array(keys[range])),
          values: Activations(Array(values[range])),
          positions: try cache.append(Array(repeating: 0, count: range.count)), layer: 0, cache: cache, scale: 0.3,
          window: window, sinks: sinks, into: output)
        result += output.allRows
      }
      return result
    }
  }

  @Test(
    "a sink takes part in the denominator alone, with a window and without, and no bit depends on the batch",
    arguments: InstructionSet.supported, CacheFormat.allCases)
  func agrees(level: InstructionSet, format: CacheFormat) throws {
    let compute = Compute(threads: 2, instructionSet: level)
    let rows = Rows(seed: 41)
    for window in [nil, 1, 13, 40] {
      let found = try rows.attend(compute, format, step: Self.tokens, window: window, sinks: Self.sinks)
      for step in [1, 9] {
        #expect(try rows.attend(compute, format, step: step, window: window, sinks: Self.sinks) == found)
      }
      for token in [0, 13, 32, 57, 74] {
        let seen = max(0, token + 1 - (window ?? Self.tokens))...token
        for head in 0..<Self.heads {
          let columns = head / 3 * Self.width..<(head / 3 + 1) * Self.width
          let own = head * Self.width..<(head + 1) * Self.width
          let query = Array(rows.queries[token][own])
          let keys = rows.keys[seen].map { Array($0[columns]) }
          let values = rows.values[seen].map { Array($0[columns]) }
          let expected = Reference.attend(query, keys: keys, values: values, scale: 0.3, sink: Self.sinks[head])
          // Relative to what the head would answer without its sink.
          let whole = Reference.attend(query, keys: keys, values: values, scale: 0.3)
          let error = zip(found[token][own], expected).map { Float(Double($0) - $1) }
          let difference = difference(zip(error, whole).map { Float(Double($0) + $1) }, whole)
          #expect(difference < 2 * AttentionTests.budget(format), "token \(token), head \(head)")
        }
      }
    }
  }

  @Test("a sink of minus infinity is none, bit for bit", arguments: InstructionSet.supported, CacheFormat.allCases)
  func none(level: InstructionSet, format: CacheFormat) throws {
    let compute = Compute(threads: 2, instructionSet: level)
    let rows = Rows(seed: 42)
    for window in [nil, 13] {
      let without = try rows.attend(compute, format, step: 20, window: window, sinks: nil)
      let sinks = [Float](repeating: -.infinity, count: Self.heads)
      #expect(try rows.attend(compute, format, step: 20, window: window, sinks: sinks) == without)
    }
  }
}
