import SpudKernels
import SpudModels
import Testing

@Suite("Passes")
struct ForwardPassTests {
  @Test(
    "a prompt that others pass between its steps gets the logits that it gets alone, and so do they",
    arguments: [
      ("qwen3moe-sparse-step", .none), ("qwen3moe-sparse-step", StepLimits(queries: 4, mixedIDs: 2)),
      ("llama-scaled", .none), ("llama-scaled", StepLimits(queries: 3, mixedIDs: .max)),
    ], CacheFormat.allCases)
  func interleaved(prompt: (name: String, limits: StepLimits), format: CacheFormat) throws {
    let fixture = Fixture(name: prompt.name)
    let tokens = try fixture.golden().tokens
    let model = try fixture.load()
    let alone = try model.logits(of: tokens, cache: format)
    let cache = try model.makeCache(sequences: 2, capacity: tokens.count, format: format)
    let half = tokens.count / 2
    var other = 0
    for chunk in [0..<half, half..<tokens.count] {
      let pass = try model.begin(
        Batch(Array(tokens[chunk]), sequence: 1), cache: cache, logitsAt: [chunk.count - 2, chunk.count - 1])
      while true {
        let logits = try model.forward(Batch([tokens[other % tokens.count]], sequence: 0), cache: cache, logits: .last)
        #expect(logits[0] == alone[other % tokens.count])
        other += 1
        if other % tokens.count == 0 { cache.truncate(sequence: 0, to: 0) }
        if model.advance(pass, limits: prompt.limits) { break }
      }
      let logits = model.finish(pass)
      #expect(logits.rows == 2 && logits[0] == alone[chunk.upperBound - 2] && logits[1] == alone[chunk.upperBound - 1])
    }
  }

  @Test("a pass that is abandoned leaves its sequence as it was, wherever it is")
  func abandoned() throws {
    let fixture = Fixture(name: "qwen3moe-sparse-step")
    let tokens = try fixture.golden().tokens
    let model = try fixture.load()
    let alone = try model.logits(of: tokens)
    let cache = try model.makeCache(sequences: 1, capacity: tokens.count, format: .f32)
    _ = try model.forward(Batch(Array(tokens[..<5])), cache: cache, logits: .none)
    for steps in 0..<12 {
      let pass = try model.begin(Batch(tokens.reversed()[..<6].map { $0 }), cache: cache, logitsAt: [])
      for _ in 0..<steps where !model.advance(pass, limits: StepLimits(queries: 4, mixedIDs: 2)) {}
      model.abandon(pass)
      #expect(cache.length(of: 0) == 5)
    }
    let logits = try model.forward(Batch(Array(tokens[5...])), cache: cache, logits: .last)
    #expect(logits[0] == alone[tokens.count - 1])
  }
}
