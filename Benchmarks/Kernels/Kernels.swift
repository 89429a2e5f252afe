// Each kernel at real shapes (OLMoE-1B-7B's layers), beside `cblas_sgemm` with one and with all threads:
//
//   swift package benchmark
//
// One iteration is one product; divide the operations or bytes in the name by its time. `Roofline` prints the fractions
// at once. Every benchmark runs in a process of its own, so weights are made only when it is their turn.
import Benchmark
import Foundation
import SpudKernelBenchmarks

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock], warmupIterations: 2, maxDuration: .milliseconds(700), maxIterations: 1000)
  let threads = ProcessInfo.processInfo.activeProcessorCount
  let width = 2048

  for format in ["f32", "bf16", "q8_0", "q4_0", "q4_k", "q5_k", "q6_k", "q3_k", "iq4_xs", "mxfp4"] {
    for tokens in [1, 16, 512] {
      // Eight matrices in turn do not fit in the cache.
      add("product \(format) \(tokens) x 2048 x 2048: \(millions(2 * tokens * width * width)) MOP") {
        try ProductWorkload(tokens: tokens, rows: width, columns: width, format: format, threads: threads, copies: 8)
      } run: {
        $0.run()
      }
    }
  }
  for blasThreads in Set([1, threads]).sorted() {
    for tokens in [1, 16, 512] {
      add("sgemm \(blasThreads) threads \(tokens) x 2048 x 2048: \(millions(2 * tokens * width * width)) MOP") {
        SgemmWorkload(tokens: tokens, rows: width, columns: width, threads: blasThreads)
      } run: {
        $0.run()
      }
    }
  }
  for format in ["q8_0", "q4_0", "q4_k", "mxfp4"] {
    for tokens in [1, 8, 512] {
      add("experts \(format) \(tokens) tokens, 8 of 64: \(millions(6 * tokens * 8 * width * 1024)) MOP") {
        try ExpertsWorkload(
          tokens: tokens, experts: 64, expertsPerToken: 8, width: width, expertWidth: 1024, format: format,
          threads: threads)
      } run: {
        $0.run()
      }
    }
  }
  for cache in ["f32", "bf16", "q8"] {
    for (tokens, depth) in [(1, 4096), (512, 0)] {
      add("attention \(cache) \(tokens) tokens after \(depth), 16 heads of 128") {
        try AttentionWorkload(
          tokens: tokens, depth: depth, heads: 16, keyValueHeads: 16, headWidth: 128, cacheFormat: cache,
          threads: threads)
      } run: {
        try $0.run()
      }
    }
  }
}

/// A benchmark whose workload is made before its first iteration.
private func add<Value>(
  _ name: String, make: @escaping @Sendable () throws -> Value, run: @escaping @Sendable (Value) throws -> Void
) {
  let workload = Workload(make)
  Benchmark(name) { benchmark in
    let value = try workload.value()
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { try run(value) }
    benchmark.stopMeasurement()
  }
}

private func millions(_ count: Int) -> Int { (count + 500_000) / 1_000_000 }

/// Benchmarks run one after another, on one thread each: a workload is never shared in truth.
private final class Workload<Value>: @unchecked Sendable {
  private let make: @Sendable () throws -> Value
  private var made: Value?

  init(_ make: @escaping @Sendable () throws -> Value) { self.make = make }

  func value() throws -> Value {
    if let made { return made }
    let value = try make()
    made = value
    return value
  }
}
