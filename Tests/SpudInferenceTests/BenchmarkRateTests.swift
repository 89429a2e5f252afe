import Testing

@testable import SpudInference

@Suite("Rates of benchmarks")
struct BenchmarkRateTests {
  @Test("the tokens of all sequences count, whatever is measured")
  func batches() {
    let time = Duration.milliseconds(500)
    #expect(BenchmarkResult.tokensPerSecond(of: BenchmarkTest(.decode(128), batch: 1), in: time) == 256)
    #expect(BenchmarkResult.tokensPerSecond(of: BenchmarkTest(.decode(128), batch: 4), in: time) == 1024)
    #expect(BenchmarkResult.tokensPerSecond(of: BenchmarkTest(.prefill(100), depth: 50, batch: 3), in: time) == 600)
  }
}
