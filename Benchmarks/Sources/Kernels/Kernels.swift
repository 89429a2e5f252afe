// Each kernel at real shapes (OLMoE-1B-7B's layers), beside `cblas_sgemm` with one and with all threads:
//
//   swift package benchmark
//
// One iteration is one product; divide `operations` or `bytes` in the name by its time. `Roofline` prints the fractions
// at once.
import Benchmark
import Foundation
import SpudKernelBenchmarks

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock], warmupIterations: 3, maxDuration: .seconds(2), maxIterations: 2000)
  let threads = ProcessInfo.processInfo.activeProcessorCount

  for format in ["f32", "bf16", "q8_0", "q4_0"] {
    for tokens in [1, 4, 16, 64, 512] {
      // Eight matrices of 2048 x 2048 in turn do not fit in the cache.
      guard
        let workload = try? ProductWorkload(
          tokens: tokens, rows: 2048, columns: 2048, format: format, threads: threads, copies: 8)
      else { continue }
      let shared = Shared(workload)
      Benchmark(
        "product \(format) [\(tokens), 2048] x [2048, 2048]: \(workload.operations) operations, \(workload.bytes) bytes"
      ) { benchmark in
        for _ in benchmark.scaledIterations { shared.value.run() }
      }
    }
  }
  for blasThreads in Set([1, threads]).sorted() {
    for tokens in [1, 16, 64, 512] {
      let shared = Shared(SgemmWorkload(tokens: tokens, rows: 2048, columns: 2048, threads: blasThreads))
      Benchmark(
        "cblas_sgemm, \(blasThreads) threads [\(tokens), 2048] x [2048, 2048]: \(shared.value.operations) operations"
      ) { benchmark in
        for _ in benchmark.scaledIterations { shared.value.run() }
      }
    }
  }
  for format in ["q8_0", "q4_0"] {
    for tokens in [1, 8, 128, 512] {
      guard
        let workload = try? ExpertsWorkload(
          tokens: tokens, experts: 64, expertsPerToken: 8, width: 2048, expertWidth: 1024, format: format,
          threads: threads)
      else { continue }
      let shared = Shared(workload)
      Benchmark("experts \(format), \(tokens) tokens, 8 of 64: \(workload.operations) operations") { benchmark in
        for _ in benchmark.scaledIterations { shared.value.run() }
      }
    }
  }
  for cache in ["f32", "bf16", "q8"] {
    for (tokens, depth) in [(1, 4096), (512, 0)] {
      guard
        let workload = try? AttentionWorkload(
          tokens: tokens, depth: depth, heads: 16, keyValueHeads: 16, headWidth: 128, cacheFormat: cache,
          threads: threads)
      else { continue }
      let shared = Shared(workload)
      Benchmark("attention \(cache), \(tokens) tokens after \(depth): \(workload.bytes) bytes") { benchmark in
        for _ in benchmark.scaledIterations { try shared.value.run() }
      }
    }
  }
}

/// Benchmarks run one after another, on one thread each: a workload is never shared in truth.
final class Shared<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
