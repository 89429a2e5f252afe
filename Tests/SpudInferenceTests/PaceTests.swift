import SpudModels
import Testing

@testable import SpudInference

/// How much of a prompt is read at once.
@Suite("Pace")
struct PaceTests {
  /// After a prompt's first ids took 100 µs each in a layer, and attention 10 ns for each of 1,000 positions more.
  private func measured() -> Pace {
    var pace = Pace(tellsMarksApart: false)
    for _ in 0..<40 { pace.read(.layer, ids: 320, depth: 0, took: .milliseconds(32)) }
    for _ in 0..<40 { pace.read(.attention(queries: 64), ids: 320, depth: 1000, took: .microseconds(640)) }
    return pace
  }

  @Test("ids are as many as a layer's products have time for, whatever the depth; alone more")
  func ids() {
    let pace = measured()
    #expect(pace.idsAtOnce(hasCompany: true) == 512, "the most")
    var slow = pace
    for _ in 0..<40 { slow.read(.layer, ids: 100, depth: 0, took: .milliseconds(40)) }
    #expect(slow.idsAtOnce(hasCompany: true) == 192)
    #expect(slow.idsAtOnce(hasCompany: false) == 256)
    for _ in 0..<40 { slow.read(.layer, ids: 32, depth: 0, took: .seconds(1)) }
    #expect(slow.idsAtOnce(hasCompany: true) == 32, "the least")
  }

  @Test("a layer is cut where it takes too long, into parts of the same time at any depth")
  func queries() {
    let pace = measured()
    #expect(pace.queriesAtOnce(ids: 512, depth: 1000, hasCompany: true) == 512, "56 ms")
    #expect(pace.queriesAtOnce(ids: 512, depth: 10_000, hasCompany: true) == 800, "as many as 80 ms have time for")
    #expect(pace.queriesAtOnce(ids: 512, depth: 50_000, hasCompany: true) == 160)
    #expect(pace.queriesAtOnce(ids: 512, depth: 1_000_000, hasCompany: true) == 32, "the least")
  }

  @Test("a step that took longer than ever is expected again at once, and forgotten slowly")
  func slower() {
    var pace = measured()
    let step = LayerStep.attention(queries: 32)
    let before = pace.estimate(step, ids: 320, depth: 1000)
    pace.read(step, ids: 320, depth: 1000, took: .milliseconds(32))
    #expect(pace.estimate(step, ids: 320, depth: 1000) > before * 90)
    pace.read(step, ids: 320, depth: 1000, took: .microseconds(320))
    #expect(pace.estimate(step, ids: 320, depth: 1000) > before * 80)
    for _ in 0..<60 { pace.read(step, ids: 320, depth: 1000, took: .microseconds(320)) }
    #expect(pace.estimate(step, ids: 320, depth: 1000) < before * 1.1)
  }
}
