internal import Foundation
internal import SpudErrors
internal import SpudKernels
package import SpudModels
package import SpudPipeline
internal import SpudSupport

/// The time to write one token against the number of experts and against the length of the context.
package struct DecodeProbe: Sendable {
  /// The shape that stays; its number of experts is what varies.
  package var shape: ModelShape
  package var experts: [Int]
  package var contexts: [Int]
  package var repetitions: Int
  /// Tokens written for one measurement; the median of their times is kept.
  package var tokens: Int
  package var threads: Int
  package var seed: UInt64
  /// Trained models that are timed in turn with those of random weights.
  package var trained: [Trained]

  /// A trained model under the name of its system.
  package struct Trained: Sendable {
    package var name: String
    package var transformer: Transformer

    package init(name: String, transformer: Transformer) {
      self.name = name
      self.transformer = transformer
    }
  }

  package init(
    shape: ModelShape, trained: [Trained] = [], experts: [Int], contexts: [Int], repetitions: Int, tokens: Int,
    threads: Int, seed: UInt64
  ) {
    self.shape = shape
    self.trained = trained
    self.experts = experts
    self.contexts = contexts
    self.repetitions = repetitions
    self.tokens = tokens
    self.threads = threads
    self.seed = seed
  }

  static let model = "random weights"
  /// Tokens in the cache when the number of experts varies.
  static let context = 128
  /// Tokens of a long context that are read between two looks at whether the run was cancelled.
  private static let stride = 2048

  /// As a probe of a run.
  package func probe(_ stopwatch: Stopwatch) -> Probe {
    let keys = (0..<repetitions).flatMap { repetition in
      experts.map { record(.experts, experts: $0, context: Self.context, repetition, 0).key }
        + trained.map { record($0, repetition, 0).key }
        + contexts.map { record(.context, experts: contextExperts, context: $0, repetition, 0).key }
    }
    return Probe(title: "decode times", keys: keys) { journal in
      try await measure(stopwatch, isMeasured: journal.has, record: { try journal.append(.decode($0)) })
    }
  }

  /// Writes the models to a temporary directory, times them in turn, and takes them away again.
  ///
  /// - Parameters:
  ///   - isMeasured: whether there is a record of that key already.
  ///   - record: given each measurement as soon as it is made.
  @concurrent
  package func measure(
    _ stopwatch: Stopwatch, isMeasured: @Sendable (String) -> Bool = { _ in false },
    record keep: @Sendable (DecodeRecord) throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "spud-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // One pool of threads, as none of the models computes while another does.
    let compute = Compute(threads: threads)
    try measureExperts(folder, compute, stopwatch, isMeasured, keep)
    try measureContexts(folder, compute, stopwatch, isMeasured, keep)
  }

  private func measureExperts(
    _ folder: String, _ compute: Compute, _ stopwatch: Stopwatch, _ isMeasured: (String) -> Bool,
    _ keep: (DecodeRecord) throws -> Void
  ) throws {
    var models: [(model: Transformer, record: (Int, Double) -> DecodeRecord)] = []
    for count in experts {
      let model = try load(experts: count, contextLength: 4096, folder: "\(folder)/\(count)", compute: compute)
      models.append((model, { record(.experts, experts: count, context: Self.context, $0, $1) }))
    }
    for model in trained { models.append((model.transformer, { record(model, $0, $1) })) }
    for repetition in 0..<repetitions {
      // In turn, and every second time in reverse.
      for (model, record) in repetition % 2 == 0 ? models : models.reversed() {
        try Task.checkCancellation()
        guard !isMeasured(record(repetition, 0).key) else { continue }
        let cache = try model.makeCache(sequences: 1, capacity: Self.context + tokens, format: .bf16)
        try read(Self.context, model, cache)
        try keep(record(repetition, try time(model, cache, stopwatch)))
      }
    }
  }

  private var contextExperts: Int { experts.contains(16) ? 16 : experts.first ?? 4 }

  /// One model, its cache filled further and further: a long context is read once, and written after many times.
  private func measureContexts(
    _ folder: String, _ compute: Compute, _ stopwatch: Stopwatch, _ isMeasured: (String) -> Bool,
    _ keep: (DecodeRecord) throws -> Void
  ) throws {
    let missing = contexts.sorted().filter { context in
      (0..<repetitions).contains { repetition in
        !isMeasured(record(.context, experts: contextExperts, context: context, repetition, 0).key)
      }
    }
    guard let longest = missing.last else { return }
    let model = try load(
      experts: contextExperts, contextLength: longest + tokens, folder: "\(folder)/context", compute: compute)
    let cache = try model.makeCache(sequences: 1, capacity: longest + tokens, format: .bf16)
    for context in missing {
      try read(context - cache.length(of: 0), model, cache)
      for repetition in 0..<repetitions {
        try Task.checkCancellation()
        let seconds = try time(model, cache, stopwatch)
        cache.truncate(sequence: 0, to: context)
        try keep(record(.context, experts: contextExperts, context: context, repetition, seconds))
      }
    }
  }

  private func load(
    experts: Int, contextLength: Int, folder: String, compute: Compute
  ) throws -> Transformer {
    var shape = shape
    shape.experts = experts
    try RandomModel(shape: shape, contextLength: contextLength, seed: seed).write(to: folder)
    return try Transformer.load(path: folder, compute: compute, weightFormat: nil, progress: nil)
  }

  private func read(_ count: Int, _ model: Transformer, _ cache: KeyValueCache) throws {
    var generator = SeededGenerator(seed: seed)
    var left = count
    while left > 0 {
      try Task.checkCancellation()
      let ids = (0..<min(left, Self.stride)).map { _ in Int32(generator.index(below: shape.vocabulary)) }
      _ = try model.forward(Batch(ids), cache: cache, logits: .none)
      left -= ids.count
    }
  }

  /// The median time of one token, of `tokens` written one after the other.
  private func time(_ model: Transformer, _ cache: KeyValueCache, _ stopwatch: Stopwatch) throws -> Double {
    var generator = SeededGenerator(seed: seed &+ 1)
    let times = try (0..<tokens).map { _ in
      let id = Int32(generator.index(below: shape.vocabulary))
      let start = stopwatch.now()
      _ = try model.forward(Batch(tokens: [id], sequences: [0], marks: [.written]), cache: cache, logits: .last)
      return stopwatch.now() - start
    }
    return times.median
  }

  private func record(
    _ axis: DecodeRecord.Axis, experts: Int, context: Int, _ repetition: Int, _ seconds: Double
  ) -> DecodeRecord {
    var shape = shape
    shape.experts = experts
    return DecodeRecord(
      axis: axis, model: Self.model, isTrained: false, experts: experts, parameters: shape.parameters,
      activeParameters: shape.activeParameters, bytesPerToken: shape.bytesPerToken, context: context,
      repetition: repetition, secondsPerToken: seconds)
  }

  private func record(_ model: Trained, _ repetition: Int, _ seconds: Double) -> DecodeRecord {
    let shape = ModelShape(model.transformer.configuration)
    return DecodeRecord(
      axis: .experts, model: model.name, isTrained: true, experts: shape.experts, parameters: shape.parameters,
      activeParameters: shape.activeParameters, bytesPerToken: shape.bytesPerToken, context: Self.context,
      repetition: repetition, secondsPerToken: seconds)
  }
}
