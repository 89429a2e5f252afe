import SpudModels
import Testing

@testable import SpudInference

/// How much of a prompt is read at once.
@Suite("Pace")
struct PaceTests {
  /// After a prompt's first ids took 100 µs each in a layer, and attention 10 ns for each of 1,000 positions more.
  private func measured(cutsExperts: Bool = false) -> Pace {
    var pace = Pace(tellsMarksApart: false, cutsExperts: cutsExperts)
    for _ in 0..<40 { pace.read(.layer, ids: 320, depth: 0, took: .milliseconds(32)) }
    for _ in 0..<40 { pace.read(.attention(queries: 64), ids: 320, depth: 1000, took: .microseconds(640)) }
    return pace
  }

  @Test("ids are as many as a layer's products have time for, whatever the depth")
  func ids() {
    let pace = measured()
    #expect(pace.idsAtOnce(hasCompany: true) == 512, "the most")
    var slow = pace
    for _ in 0..<40 { slow.read(.layer, ids: 100, depth: 0, took: .milliseconds(40)) }
    #expect(slow.idsAtOnce(hasCompany: true) == 160)
    #expect(slow.idsAtOnce(hasCompany: false) == 160)
    var busy = slow
    let start = ContinuousClock.now
    busy.wrote(from: start, to: start + .milliseconds(20))
    #expect(busy.idsAtOnce(hasCompany: true) == 96, "what an answer's id leaves of the time")
    for _ in 0..<40 { slow.read(.layer, ids: 32, depth: 0, took: .seconds(1)) }
    #expect(slow.idsAtOnce(hasCompany: true) == 32, "the least")
  }

  @Test("a layer is cut where it takes too long, into parts of the same time at any depth")
  func queries() {
    let pace = measured()
    func queries(depth: Int) -> Int { pace.limits(ids: 512, depth: depth, hasCompany: true).queries }
    #expect(queries(depth: 1000) == .max, "56 ms")
    #expect(queries(depth: 10_000) == 672, "as many as 70 ms have time for")
    #expect(queries(depth: 50_000) == 128)
    #expect(queries(depth: 1_000_000) == 32, "the least")
  }

  @Test("experts are cut too, so that as many ids as ever are read at once")
  func experts() {
    var pace = measured(cutsExperts: true)
    for _ in 0..<40 { pace.read(.layer, ids: 512, depth: 0, took: .milliseconds(256)) }
    #expect(pace.idsAtOnce(hasCompany: true) == 512)
    #expect(pace.limits(ids: 512, depth: 0, hasCompany: true).mixedIDs == 128, "what a whole layer has time for")
    for _ in 0..<40 {
      pace.read(.projections, ids: 512, depth: 0, took: .milliseconds(40))
      pace.read(.remainder, ids: 512, depth: 0, took: .milliseconds(16))
      pace.read(.experts(ids: 160), ids: 512, depth: 0, took: .milliseconds(40))
    }
    #expect(pace.limits(ids: 512, depth: 0, hasCompany: true).mixedIDs == 256)
    for _ in 0..<40 { pace.read(.projections, ids: 512, depth: 0, took: .milliseconds(160)) }
    #expect(pace.idsAtOnce(hasCompany: true) == 224, "as many as can be projected in time")
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
