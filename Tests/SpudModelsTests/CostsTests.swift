import SpudKernels
import SpudModels
import Testing

/// The widths of these fixtures are whole panels, or are said to be padded: in float32 a weight then takes 4 bytes.
@Suite("What a model's weights weigh")
struct CostsTests {
  @Test("a dense model with biases and a head of its own")
  func dense() throws {
    let costs = try Fixture(name: "gguf-qwen2-f32").load(threads: 1).costs
    // Queries and output [32, 32], keys and values [16, 32], biases 32 + 16 + 16, two norms of 32, three of [48, 32].
    let attention = 2 * 32 * 32 + 2 * 16 * 32 + 64
    let layer = attention + 64 + 3 * 48 * 32
    #expect(costs.headParameters == 64 * 32)
    #expect(costs.lookedUpParameters == 64 * 32)
    #expect(costs.parameters == 2 * layer + 32 + 2 * 64 * 32)
    #expect(costs.activeParameters == costs.parameters)
    #expect(costs.headBytes == 4 * 64 * 32)
    // Panels have 32 rows: keys and values take as many as queries.
    let layerBytes = 4 * (4 * 32 * 32 + 64 + 64 + 3 * 48 * 32)
    #expect(costs.sharedBytes == 2 * layerBytes + 4 * 32)
    #expect(costs.bytes == costs.sharedBytes + 2 * costs.headBytes)
    // Of the last layer, tokens without logits need keys and values alone.
    #expect(costs.lastParameters == 2 * 32 * 32 + 3 * 48 * 32)
    #expect(costs.lastBytes == 4 * costs.lastParameters)
    #expect(costs.weightBytesPerToken(together: 1, writes: true) == Double(costs.sharedBytes + costs.headBytes))
    #expect(costs.weightBytesPerToken(together: 2, writes: true) == Double(costs.sharedBytes + costs.headBytes) / 2)
    #expect(costs.weightBytesPerToken(together: 1, writes: false) == Double(costs.sharedBytes - costs.lastBytes))
    #expect(
      costs.operationsPerToken(depth: 10, writes: true)
        == Double(2 * (costs.parameters - 64 * 32) + 4 * 10 * 32 * 2))
  }

  @Test("a tied model's embedding is counted once, and multiplied by")
  func tied() throws {
    let costs = try Fixture(name: "qwen3-tied").load(threads: 1).costs
    #expect(costs.headBytes == 4 * 64 * 32)
    #expect(costs.lookedUpParameters == 0)
    #expect(costs.bytes == costs.sharedBytes + costs.headBytes)
  }

  @Test("of experts a token meets some")
  func experts() throws {
    let costs = try Fixture(name: "gguf-qwen3moe-f32").load(threads: 1).costs
    // Heads of 16: queries and output [64, 32], keys and values [32, 32], norms of heads and layers, a router [4, 32].
    let shared = 2 * 64 * 32 + 2 * 32 * 32 + 2 * 16 + 2 * 32 + 4 * 32
    let expert = 3 * 32 * 32
    #expect(costs.parameters == 2 * (shared + 4 * expert) + 32 + 2 * 64 * 32)
    #expect(costs.activeParameters == 2 * (shared + 2 * expert) + 32 + 2 * 64 * 32)
    #expect(costs.sparseLayers.map(\.expertBytes) == [4 * expert, 4 * expert])
    #expect(costs.bytes == costs.sharedBytes + 2 * costs.headBytes + 2 * 4 * 4 * expert)
    #expect(
      costs.weightBytesPerToken(together: 1, writes: true)
        == Double(costs.sharedBytes + costs.headBytes + 2 * 2 * 4 * expert))
  }

  @Test("experts with biases, and attention with sinks")
  func sinks() throws {
    let costs = try Fixture(name: "gptoss").load(threads: 1).costs
    // Heads of 12: queries and output [72, 36], keys and values [24, 36], and a bias for each row; 6 sinks; two norms.
    let attention = 2 * 72 * 36 + 2 * 24 * 36 + (72 + 24 + 24 + 36) + 6 + 2 * 36
    let router = 5 * 36 + 5
    let expert = 3 * 20 * 36 + 2 * 20 + 36
    #expect(costs.parameters == 3 * (attention + router + 5 * expert) + 36 + 2 * 61 * 36)
    #expect(costs.activeParameters == 3 * (attention + router + 2 * expert) + 36 + 2 * 61 * 36)
    #expect(costs.lastParameters == 2 * 72 * 36 + 5 * 36 + 2 * expert)
  }

  @Test("a feed-forward block with biases")
  func biased() throws {
    let costs = try Fixture(name: "llama-mlp-biased").load(threads: 1).costs
    let layer = 24 * 24 * 2 + 24 * 12 * 2 + 2 * 24 + 3 * 40 * 24 + 2 * 40 + 24
    #expect(costs.parameters == 2 * layer + 24 + 2 * 56 * 24)
    #expect(costs.weightFormat == "f32")
    #expect(costs.lastParameters == 2 * 24 * 24 + 3 * 40 * 24)
  }
}
