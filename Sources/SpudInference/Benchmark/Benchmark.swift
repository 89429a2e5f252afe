internal import SpudErrors
internal import SpudKernels
package import SpudModels

/// One thing to measure.
package struct BenchmarkTest: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// Reading a prompt of so many tokens.
    case prefill(Int)
    /// Writing so many tokens.
    case decode(Int)
  }

  package var kind: Kind
  var isPrefill: Bool {
    if case .prefill = kind { true } else { false }
  }
  /// Tokens that precede, in each sequence.
  package var depth: Int
  /// Sequences at once.
  package var batch: Int
  /// The most positions that a token which is written attends to; 0 is all.
  package var attend: Int

  package init(_ kind: Kind, depth: Int = 0, batch: Int = 1, attend: Int = 0) {
    self.kind = kind
    self.depth = depth
    self.batch = batch
    self.attend = attend
  }

  /// As `llama-bench` calls it: `pp512`, `tg128`.
  package var name: String {
    switch kind {
    case .prefill(let count): "pp\(count)"
    case .decode(let count): "tg\(count)"
    }
  }

  /// Tokens that one sequence takes in.
  package var tokenCount: Int {
    switch kind {
    case .prefill(let count), .decode(let count): count
    }
  }
}

/// What measuring found.
package struct BenchmarkResult: Sendable {
  /// Tokens a second, all sequences together, of each run.
  package var samples: [Double]
  /// What the machine could do before each of these runs, and after the last: one more than there are samples.
  package var limits: [MachineLimits]
  /// Bytes of keys and values that one token reads, halfway through the test.
  package var cacheBytesPerToken: Int
  /// Bytes read of the model's files for each token of the runs: experts that were not in memory.
  package var fileBytesPerToken: Double

  /// The tokens a second of a run, all sequences together.
  static func tokensPerSecond(of test: BenchmarkTest, in time: Duration) -> Double {
    Double(test.tokenCount * test.batch) / time.milliseconds * 1e3
  }
}

extension Transformer {
  fileprivate var tokensReadAtOnce: Int { Pace.mostIDs(tellsMarksApart: compute.tellsMarksApart) }
}

extension BenchmarkTest {
  /// Where a depth is made of copies, of so many tokens.
  package static var tokensFilledWith: Int { 512 }
}

extension Model {
  /// The most tokens that are read at once.
  package var tokensReadAtOnce: Int { transformer.tokensReadAtOnce }

  /// What the model's weights weigh.
  package var costs: ModelCosts { transformer.costs }

  /// - Throws: `SpudError` (`usage`) when the test does not fit in the model's context.
  package func check(_ test: BenchmarkTest) throws {
    guard test.depth + test.tokenCount <= contextLength else {
      throw SpudError(
        .usage,
        "\(test.name) at depth \(test.depth) needs \(test.depth + test.tokenCount) tokens of context, but "
          + "\(name) has \(contextLength)")
    }
  }

  /// Measures how fast the model reads or writes, apart from tokenizing and sampling.
  ///
  /// Tokens are random, and the same for every run. All experts are packed before, where there is room for them, and
  /// one run goes before the measured ones that is not counted. Between the runs stands what the machine can do at that
  /// moment, for its neighbours change that by the second.
  ///
  /// - Parameters:
  ///   - repetitions: Measured runs, at least 1.
  ///   - fills: Whether the depth is made of copies of a few hundred tokens' keys and values: what is timed takes as
  ///     long as behind so many tokens read, and it is there at once.
  ///   - fragments: Whether no two pages of the cache that a sequence gets lie side by side.
  ///   - interruption: Ends the measurement after the run that is going on; fewer samples come back.
  /// - Throws: `SpudError` (`usage`) when the test does not fit in the model's context, (`unavailable`) when there is
  ///   no memory for its cache.
  package func measure(
    _ test: BenchmarkTest, repetitions: Int, fills: Bool = false, fragments: Bool = false,
    interruption: Interruption
  ) async throws
    -> BenchmarkResult
  {
    try await thread.run {
      try self.check(test)
      let capacity = test.depth + test.tokenCount
      let spread = fragments ? KeyValueCache.fragmentation : 1
      let cache = try self.makeCache(sequences: test.batch * spread, capacity: capacity)
      if fragments { try cache.fragment(test.batch * KeyValueCache.pageCount(of: capacity)) }
      var runner = BenchmarkRunner(transformer: self.transformer, test: test, cache: cache)
      self.transformer.packAhead()
      try fills ? runner.fill(test.depth) : runner.read(test.depth)
      var probe = try LimitsProbe(self.transformer, reads: test.isPrefill)
      var samples: [Double] = []
      var limits: [MachineLimits] = []
      var read = 0
      for run in 0...repetitions where !interruption.isRequested {
        // The first run is not counted.
        if run == 1 { read = self.transformer.expertReads.bytes }
        if run > 0 { limits.append(probe.measure()) }
        let time = try runner.time()
        if run > 0 { samples.append(BenchmarkResult.tokensPerSecond(of: test, in: time)) }
      }
      limits.append(probe.measure())
      let tokens = samples.count * test.tokenCount * test.batch
      let length = test.depth + test.tokenCount / 2
      return BenchmarkResult(
        samples: samples, limits: limits,
        cacheBytesPerToken: runner.cache.bytesRead(
          length: length, budget: test.attend, layersOfAll: Transformer.layersOfAll),
        fileBytesPerToken: Double(self.transformer.expertReads.bytes - read) / Double(max(tokens, 1)))
    }
  }
}

/// The measured loop. Belongs to the thread that computes.
private struct BenchmarkRunner {
  let transformer: Transformer
  let test: BenchmarkTest
  let cache: KeyValueCache
  private var generator = RandomGenerator(seed: 1)

  init(transformer: Transformer, test: BenchmarkTest, cache: KeyValueCache) {
    self.transformer = transformer
    self.test = test
    self.cache = cache
  }

  /// One run, from the depth asked for.
  mutating func time() throws -> Duration {
    for sequence in 0..<test.batch { cache.truncate(sequence: sequence, to: test.depth) }
    let clock = ContinuousClock()
    switch test.kind {
    case .prefill(let count):
      return try clock.measure { try read(count) }
    case .decode(let count):
      let sequences = (0..<test.batch).map { Int32($0) }
      return try clock.measure {
        for _ in 0..<count {
          var batch = Batch(tokens: sequences.map { _ in nextToken() }, sequences: sequences)
          batch.marks = sequences.map { _ in .written }
          if test.attend > 0 { batch.budgets = sequences.map { _ in Int32(test.attend) } }
          _ = try transformer.forward(batch, cache: cache, logits: .last)
        }
      }
    }
  }

  /// Has every sequence read `count` more tokens, as many at once as in earnest.
  mutating func read(_ count: Int) throws {
    for sequence in 0..<test.batch {
      for start in stride(from: 0, to: count, by: transformer.tokensReadAtOnce) {
        let size = min(transformer.tokensReadAtOnce, count - start)
        let batch = Batch(
          tokens: (0..<size).map { _ in nextToken() }, sequences: Array(repeating: Int32(sequence), count: size))
        _ = try transformer.forward(batch, cache: cache, logits: start + size == count ? .last : .none)
      }
    }
  }

  /// Gives every sequence a depth by reading a part of it.
  mutating func fill(_ depth: Int) throws {
    let whole = depth / KeyValueCache.positionsPerPage
    guard depth > BenchmarkTest.tokensFilledWith else { return try read(depth) }
    try read(BenchmarkTest.tokensFilledWith)
    for sequence in 0..<test.batch { try cache.repeatPages(of: Int32(sequence), to: whole) }
    try read(depth % KeyValueCache.positionsPerPage)
  }

  private mutating func nextToken() -> Int32 {
    Int32(generator.next() % UInt64(transformer.configuration.vocabularyCount))
  }
}

/// What the machine can do at most with a model's weights and threads, at one moment.
package struct MachineLimits: Sendable, Equatable {
  /// In 10⁹ bytes a second.
  package var readBandwidth: Double
  /// Arithmetic operations in the weights' format, in 10⁹ a second.
  package var peakGops: Double

  package init(readBandwidth: Double, peakGops: Double) {
    self.readBandwidth = readBandwidth
    self.peakGops = peakGops
  }
}

extension Model {
  package var instructionSet: String { transformer.compute.instructionSet.rawValue }
}

/// Measures the limits between the runs of a benchmark.
private struct LimitsProbe {
  private let probe: MachineProbe
  private let format: WeightFormat
  private let reads: Bool
  /// Nil for a model that may stand in the caches: reading something else between its runs would push it out.
  private let reader: MachineProbe.Reader?
  private var bandwidth: Double

  init(_ transformer: Transformer, reads: Bool) throws {
    self.reads = reads
    probe = MachineProbe(sharing: transformer.compute)
    format = WeightFormat(rawValue: transformer.costs.weightFormat) ?? .f32
    let reader = try probe.makeReader(megabytes: 256)
    bandwidth = reader.bandwidth(runs: 3)
    self.reader = transformer.costs.bytes > 256 << 20 ? reader : nil
  }

  mutating func measure() -> MachineLimits {
    if let reader { bandwidth = reader.bandwidth(runs: 3) }
    return MachineLimits(readBandwidth: bandwidth, peakGops: probe.peakGops(format, reads: reads))
  }
}
