import SpudErrors
import Testing

@testable import SpudProtocol

@Suite("What a server keeps: keys, rates, counts")
struct ServingTests {
  @Test("a key belongs to its tenant, and nothing near it does")
  func keys() throws {
    let keys = try KeyFile(parsing: "# who may ask\nann key-of-ann\n\n bob\tkey-of-bob \n", name: "keys")
    #expect(keys.tenant(of: "key-of-ann") == "ann" && keys.tenant(of: "key-of-bob") == "bob")
    let others = try KeyFile(parsing: "\u{FEFF}# who\r\nann key-of-ann\r\nbob key-of-bob\r\n", name: "keys")
    #expect(others.tenant(of: "key-of-ann") == "ann" && others.tenant(of: "key-of-bob") == "bob")
    for other in ["", "key-of-an", "key-of-annn", "Key-of-ann", "key-of-ann\0", String(repeating: "k", count: 10_000)] {
      #expect(keys.tenant(of: other) == nil)
    }
  }

  @Test(
    "a file of keys that is not as it should be is refused, without saying a key",
    arguments: ["", "# nothing", "ann", "ann short", "ann key-of-ann more", "ann key-of-ann\nann key-of-bob"])
  func badKeys(_ text: String) {
    let error = #expect(throws: SpudError.self) { try KeyFile(parsing: text, name: "keys") }
    #expect(error?.code == .badData && error?.message.contains("key-of") == false)
  }

  @Test("as many requests as a minute may have, then one at a time")
  func rates() {
    let limiter = RateLimiter(perMinute: 2)
    let start = ContinuousClock.now
    #expect(limiter.take("ann", at: start) == nil && limiter.take("ann", at: start) == nil)
    #expect(limiter.take("ann", at: start) == 30)
    #expect(limiter.take("bob", at: start) == nil)
    #expect(limiter.take("ann", at: start + .seconds(29)) == 1)
    #expect(limiter.take("ann", at: start + .seconds(31)) == nil)
    // A pause saves up no more than one minute's.
    #expect((0..<3).map { _ in limiter.take("ann", at: start + .seconds(10_000)) == nil } == [true, true, false])
    #expect(RateLimiter(perMinute: 0).take("ann") == nil)
  }

  @Test("counts are written as Prometheus reads them")
  func metrics() {
    let metrics = Metrics()
    metrics.declare("a_total", .counter, "Some.")
    metrics.declare("b_seconds", .histogram, "Times.", bounds: [0.5, 1])
    metrics.add("a_total", 2, ["path": "/x\"\\\n"])
    metrics.add("a_total", -5, ["path": "/x\"\\\n"])
    metrics.observe("b_seconds", 0.75)
    metrics.observe("b_seconds", 3)
    metrics.add("unknown", 1)
    #expect(
      metrics.text == #"""
        # HELP a_total Some.
        # TYPE a_total counter
        a_total{path="/x\"\\\n"} 2
        # HELP b_seconds Times.
        # TYPE b_seconds histogram
        b_seconds_bucket{le="0.5"} 0
        b_seconds_bucket{le="1"} 1
        b_seconds_bucket{le="+Inf"} 2
        b_seconds_sum 3.75
        b_seconds_count 2

        """#)
  }
}
