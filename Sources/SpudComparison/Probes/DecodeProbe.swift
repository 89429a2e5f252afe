internal import Foundation
internal import SpudErrors
internal import SpudKernels
internal import SpudModels
package import SpudPipeline

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

  package init(
    shape: ModelShape, experts: [Int], contexts: [Int], repetitions: Int, tokens: Int, threads: Int, seed: UInt64
  ) {
    self.shape = shape
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

  /// As a probe of a run.
  package func probe(_ stopwatch: Stopwatch) -> Probe {
    let keys = (0..<repetitions).flatMap { repetition in
      experts.map { record(.experts, experts: $0, context: Self.context, repetition, 0).key }
        + contexts.map { record(.context, experts: contextExperts, context: $0, repetition, 0).key }
    }
    return Probe(title: "decode times", keys: keys.map { $0 }, seconds: 10) { try await measure(stopwatch) }
  }

  /// Writes the models to a temporary directory, times them in turn, and takes them away again.
  @concurrent
  package func measure(_ stopwatch: Stopwatch) async throws -> [Record] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "spud-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let models = try experts.map { count in
      (count, try load(experts: count, contextLength: 4096, folder: "\(folder)/\(count)"))
    }
    var records: [Record] = []
    for repetition in 0..<repetitions {
      // In turn, and every second time in reverse.
      for (count, model) in repetition % 2 == 0 ? models : models.reversed() {
        try Task.checkCancellation()
        let cache = try model.makeCache(sequences: 1, capacity: Self.context + tokens, format: .bf16)
        try read(Self.context, model, cache)
        records.append(
          .decode(
            record(
              .experts, experts: count, context: Self.context, repetition, try time(model, cache, stopwatch))))
      }
    }
    return records + (try measureContexts(folder, stopwatch))
  }

  private var contextExperts: Int { experts.contains(16) ? 16 : experts.first ?? 4 }

  /// One model, its cache filled further and further: a long context is read once, and written after many times.
  private func measureContexts(_ folder: String, _ stopwatch: Stopwatch) throws -> [Record] {
    guard let longest = contexts.max() else { return [] }
    let model = try load(experts: contextExperts, contextLength: longest + tokens, folder: "\(folder)/context")
    let cache = try model.makeCache(sequences: 1, capacity: longest + tokens, format: .bf16)
    var records: [Record] = []
    for context in contexts.sorted() {
      try Task.checkCancellation()
      try read(context - cache.length(of: 0), model, cache)
      for repetition in 0..<repetitions {
        let seconds = try time(model, cache, stopwatch)
        cache.truncate(sequence: 0, to: context)
        records.append(
          .decode(record(.context, experts: contextExperts, context: context, repetition, seconds)))
      }
    }
    return records
  }

  private func load(experts: Int, contextLength: Int, folder: String) throws -> Transformer {
    var shape = shape
    shape.experts = experts
    try RandomModel(shape: shape, contextLength: contextLength, seed: seed).write(to: folder)
    return try Transformer.load(
      path: folder, compute: Compute(threads: threads), weightFormat: nil, progress: nil)
  }

  private func read(_ count: Int, _ model: Transformer, _ cache: KeyValueCache) throws {
    guard count > 0 else { return }
    var generator = SeededGenerator(seed: seed)
    let ids = (0..<count).map { _ in Int32(generator.index(below: shape.vocabulary)) }
    _ = try model.forward(Batch(ids), cache: cache, logits: .none)
  }

  /// The median time of one token, of `tokens` written one after the other.
  private func time(_ model: Transformer, _ cache: KeyValueCache, _ stopwatch: Stopwatch) throws -> Double {
    var generator = SeededGenerator(seed: seed &+ 1)
    let times = try (0..<tokens).map { _ in
      let id = Int32(generator.index(below: shape.vocabulary))
      let start = stopwatch.now()
      _ = try model.forward(Batch([id]), cache: cache, logits: .last)
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
}
