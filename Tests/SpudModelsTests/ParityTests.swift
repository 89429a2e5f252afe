import SpudErrors
import SpudKernels
import SpudModels
import Testing

@Suite("Parity with transformers, in float32")
struct ParityTests {
  @Test("no fixture is missing: each architecture has some, as directories and as GGUF")
  func fixtures() throws {
    #expect(Fixture.all.count == 41)
    #expect(Fixture.huggingFace.count == 33)
    for kind in [Fixture.huggingFace, Fixture.all.filter { $0.name.hasPrefix("gguf-") }] {
      let found = try Set(kind.map { try Checkpoint(path: $0.modelPath).configuration.architecture })
      #expect(found == Set(Architecture.allCases))
    }
  }

  @Test("logits agree to 1e-4 at every position, and layers' outputs with them", arguments: Fixture.all)
  func logits(fixture: Fixture) throws {
    let golden = try fixture.golden()
    let model = try fixture.load()
    var hidden: [[Float]] = []
    model.hiddenStatesObserver = { layer, states in
      #expect(layer == hidden.count)
      hidden.append(states[states.rows - 1])
    }
    #expect(difference(try model.logits(of: golden.tokens), golden.logits) <= 1e-4)
    #expect(difference(hidden, golden.hidden) <= 1e-4)
  }

  @Test("the greedy continuation is the same for 64 tokens", arguments: Fixture.all)
  func continuation(fixture: Fixture) throws {
    let golden = try fixture.golden()
    #expect(golden.continuation.count == 64)
    for threads in [1, 2] {
      let model = try fixture.load(threads: threads)
      #expect(try model.continuation(of: golden.prompt, count: 64) == golden.continuation)
    }
  }

  @Test("OpenBLAS gives the same logits to 1e-4, and the same continuation", arguments: Fixture.huggingFace)
  func blas(fixture: Fixture) throws {
    let golden = try fixture.golden()
    let model = try fixture.load(backend: .blas)
    #expect(difference(try model.logits(of: golden.tokens), golden.logits) <= 1e-4)
    #expect(try model.continuation(of: golden.prompt, count: 64) == golden.continuation)
  }
}

/// However the work is divided, our own kernels sum in the same order: not one bit may differ.
@Suite("Dividing the work changes nothing")
struct DivisionTests {
  @Test("tokens one by one, in pieces and all at once", arguments: Fixture.all)
  func pieces(fixture: Fixture) throws {
    let tokens = try fixture.golden().tokens
    let model = try fixture.load()
    let whole = try model.logits(of: tokens)
    for step in [1, 7, 33] {
      #expect(difference(try model.logits(of: tokens, step: step), whole) == 0, "in steps of \(step)")
    }
    model.chunkLength = 5
    #expect(difference(try model.logits(of: tokens), whole) == 0, "in chunks of 5")
  }

  @Test("one thread and two", arguments: Fixture.all)
  func threads(fixture: Fixture) throws {
    let tokens = try fixture.golden().tokens
    let one = try fixture.load(threads: 1).logits(of: tokens)
    #expect(difference(try fixture.load(threads: 2).logits(of: tokens), one) == 0)
  }

  @Test("a sequence alone and the same sequence among others", arguments: Fixture.all)
  func batches(fixture: Fixture) throws {
    let tokens = try fixture.golden().tokens
    let model = try fixture.load()
    let alone = try model.logits(of: tokens)
    // Sequence 1 is ours; 0 and 2 run ahead and behind, token beside token.
    let cache = try model.makeCache(sequences: 3, capacity: tokens.count, format: .f32)
    var together: [[Float]] = []
    for position in tokens.indices {
      var batch = Batch(tokens: [tokens[tokens.count - 1 - position], tokens[position]], sequences: [0, 1])
      if position % 3 == 0 {
        batch.tokens.append(tokens[position / 3])
        batch.sequences.append(2)
      }
      let logits = try model.forward(batch, cache: cache, logits: .last)
      #expect(logits.rows == batch.tokens.count)
      together.append(logits[1])
    }
    #expect(difference(together, alone) == 0)
  }

  @Test("truncating a cache and going on is as if the rest had never been", arguments: Fixture.all.prefix(4))
  func truncation(fixture: Fixture) throws {
    let tokens = try fixture.golden().tokens
    let model = try fixture.load()
    let whole = try model.logits(of: tokens)
    let cache = try model.makeCache(sequences: 1, capacity: tokens.count, format: .f32)
    _ = try model.forward(Batch(Array(tokens.reversed())), cache: cache, logits: .none)
    cache.truncate(sequence: 0, to: 0)
    _ = try model.forward(Batch(Array(tokens.prefix(40))), cache: cache, logits: .none)
    cache.truncate(sequence: 0, to: 20)
    let logits = try model.forward(Batch(Array(tokens[20...])), cache: cache, logits: .last)
    #expect(difference([logits[0]], [whole[tokens.count - 1]]) == 0)
  }

  @Test("rows of logits come in the order asked for")
  func rows() throws {
    let fixture = Fixture.huggingFace[0]
    let tokens = try fixture.golden().tokens
    let model = try fixture.load()
    model.chunkLength = 16
    let whole = try model.logits(of: tokens)
    let cache = try model.makeCache(sequences: 2, capacity: tokens.count, format: .f32)
    let places = try model.forward(Batch(tokens), cache: cache, logits: .places([70, 3, 3, 20]))
    #expect(difference((0..<places.rows).map { places[$0] }, [whole[70], whole[3], whole[3], whole[20]]) == 0)
    cache.reset()
    #expect(try model.forward(Batch(tokens), cache: cache, logits: .none).rows == 0)
    cache.reset()
    // Sequence 1 appears first, and its last token precedes sequence 0's last.
    let batch = Batch(tokens: [tokens[0], tokens[0], tokens[1], tokens[1], tokens[2]], sequences: [1, 0, 1, 0, 0])
    let last = try model.forward(batch, cache: cache, logits: .last)
    #expect(difference((0..<last.rows).map { last[$0] }, [whole[1], whole[2]]) == 0)
  }
}

@Suite("Weights and caches of fewer bits")
struct PrecisionTests {
  @Test(
    "bfloat16 checkpoints load as they are, with the same weights",
    arguments: ["olmoe-clipped", "mixtral", "qwen3-tied", "gptoss"])
  func storedFormat(name: String) throws {
    let fixture = Fixture(name: name)
    let golden = try fixture.golden()
    let model = try Transformer.load(path: fixture.modelPath, compute: Compute(threads: 2))
    let logits = try model.logits(of: golden.tokens)
    // Inputs may be rounded to 8 bits of mantissa: a few hundredths of logits that are a few units apart.
    #expect(difference(logits, golden.logits) < 0.25)
  }

  @Test("a cache of 16 or 8 bits moves logits a little", arguments: CacheFormat.allCases)
  func cacheFormats(format: CacheFormat) throws {
    let fixture = Fixture(name: "qwen3moe-normalized")
    let golden = try fixture.golden()
    let logits = try fixture.load().logits(of: golden.tokens, cache: format)
    // A rounding that changes one choice of experts changes that token's logits for good: so not the largest difference
    // counts, but how large they are together, where logits are about 1.5 (root of mean square).
    let limit: Float =
      switch format {
      case .f32: 1e-5
      case .bf16: 0.03
      case .q8: 0.1
      }
    #expect(rootMeanSquare(logits, golden.logits) < limit)
  }

  @Test(
    "every weight format computes what transformers does, but for its rounding", arguments: WeightFormat.general,
    Fixture.huggingFace)
  func weightFormats(format: WeightFormat, fixture: Fixture) throws {
    let golden = try fixture.golden()
    let model = try Transformer.load(path: fixture.modelPath, compute: Compute(threads: 1), weightFormat: format)
    let error = rootMeanSquare(try model.logits(of: golden.tokens), golden.logits)
    let zeros = golden.logits.map { $0.map { _ in Float(0) } }
    // Of the logits' own size. A rounding that changes a choice of experts changes that token's logits for good.
    let limit: Float =
      switch format {
      case .f32: 1e-5
      case .bf16: 0.08
      case .f16: 0.02
      case .q8_0: 0.15
      case .q4_0: 0.6
      default: 0
      }
    #expect(error / rootMeanSquare(zeros, golden.logits) < limit)
  }
}
