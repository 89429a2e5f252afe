import SpudErrors
import SpudKernels
import SpudModels
import Testing

@Suite("Transformer")
struct TransformerTests {
  @Test("the router's counts add up: tokens × experts a token, in every sparse layer and class")
  func statistics() throws {
    let fixture = Fixture(name: "qwen3moe-sparse-step")
    let tokens = try fixture.golden().tokens
    let model = try fixture.load()
    model.chunkLength = 11
    let cache = try model.makeCache(sequences: 1, capacity: tokens.count, format: .f32)
    // Uncounted, then counted.
    _ = try model.forward(Batch(Array(tokens.prefix(10))), cache: cache, logits: .none)
    let classes = tokens.indices.map { UInt8($0 % 3) }
    _ = try model.forward(
      Batch(Array(tokens.dropFirst(10)), classes: Array(classes.dropFirst(10))), cache: cache, logits: .none)
    let statistics = model.statistics
    #expect(statistics.layerCount == 4)
    #expect(statistics.expertCount == 5)
    for layer in 0..<4 {
      for tokenClass in 0..<3 {
        let total = (0..<5).reduce(0) { $0 + statistics[layer: layer, expert: $1, class: tokenClass] }
        let expected = classes.dropFirst(10).count { Int($0) == tokenClass } * 3
        // Only every second layer has experts.
        #expect(total == (layer % 2 == 1 ? expected : 0))
      }
    }
    model.statistics.reset()
    #expect(model.statistics.counts.allSatisfy { $0 == 0 })
  }

  @Test(
    "logits of some tokens are those among all, bit for bit: what the last layer leaves out is not missed",
    arguments: ["qwen3moe-sparse-step", "llama-scaled", "llama-mlp-biased", "qwen2-untied"])
  func someLogits(name: String) throws {
    let fixture = Fixture(name: name)
    let tokens = try fixture.golden().tokens
    let model = try fixture.load()
    model.chunkLength = 11
    let cache = try model.makeCache(sequences: 1, capacity: tokens.count, format: .f32)
    let all = try model.forward(Batch(tokens), cache: cache, logits: .all)
    let expected = (0..<all.rows).map { all[$0] }
    let places = [tokens.count - 1, 3, 0, 3, tokens.count / 2]
    cache.reset()
    let some = try model.forward(Batch(tokens), cache: cache, logits: .places(places))
    #expect((0..<some.rows).map { some[$0] } == places.map { expected[$0] })
    cache.reset()
    _ = try model.forward(Batch(Array(tokens.dropLast(2))), cache: cache, logits: .none)
    let last = try model.forward(Batch(Array(tokens.suffix(2))), cache: cache, logits: .last)
    #expect(last.rows == 1 && last[0] == expected[tokens.count - 1])
  }

  @Test("ids, sequences and contexts out of range are refused, and leave the cache as it was")
  func refusals() throws {
    let fixture = Fixture(name: "llama-scaled")
    let model = try fixture.load()
    let cache = try model.makeCache(sequences: 2, capacity: 8, format: .f32)
    _ = try model.forward(Batch([1, 2, 3]), cache: cache, logits: .none)
    let count = Int32(model.configuration.vocabularyCount)
    let bad: [Batch] = [
      Batch([]), Batch([count]), Batch([-1]), Batch([1, 2, .max]), Batch([1], sequence: 2), Batch([1], sequence: -1),
      Batch([1, 1, 1, 1, 1, 1]), Batch([Int32](repeating: 1, count: 9), sequence: 1),
    ]
    for batch in bad {
      let error = #expect(throws: SpudError.self) { try model.forward(batch, cache: cache, logits: .last) }
      #expect(error?.code == .badData)
      #expect((0..<2).map { cache.length(of: $0) } == [3, 0])
    }
    #expect(throws: SpudError.self) { try model.forward(Batch([1]), cache: cache, logits: .places([1])) }
    #expect(throws: SpudError.self) { try model.makeCache(sequences: 1, capacity: 257, format: .f32) }
    #expect(throws: SpudError.self) { try model.makeCache(sequences: 0, capacity: 8, format: .f32) }
    _ = try model.forward(Batch([1, 1, 1, 1, 1]), cache: cache, logits: .none)
    #expect((0..<2).map { cache.length(of: $0) } == [8, 0])
  }

  @Test("loading tells how far it is")
  func progress() throws {
    var fractions: [Double] = []
    _ = try Transformer.load(path: Fixture(name: "mixtral").modelPath, compute: Compute(threads: 1)) {
      fractions.append($0)
    }
    #expect(fractions == fractions.sorted())
    #expect(fractions.last == 1)
  }
}
