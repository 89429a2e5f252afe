import Testing

@testable import SpudInference

@Suite("Rates of benchmarks")
struct BenchmarkRateTests {
  @Test("the tokens of all sequences count, whatever is measured")
  func batches() {
    func rate(_ kind: BenchmarkTest.Kind, depth: Int = 0, batch: Int) -> Double {
      BenchmarkResult.tokensPerSecond(
        of: BenchmarkTest(kind, depth: depth, batch: batch), in: .milliseconds(500)
      ).rounded()
    }
    #expect(rate(.decode(128), batch: 1) == 256)
    #expect(rate(.decode(128), batch: 4) == 1024)
    #expect(rate(.prefill(100), depth: 50, batch: 3) == 600)
  }
}
