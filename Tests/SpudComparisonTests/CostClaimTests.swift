import Testing

@testable import SpudComparison

@Suite("Cost per token: dense models of equal loss, and what a verdict needs")
struct CostClaimTests {
  @Test("single runs never hold nor fail; every mixture has to save for a part")
  func singleRuns() {
    func verdict(_ ratios: (Double, CostClaim.EqualQuality.Bound)...) -> Verdict {
      CostClaim.verdict(
        ratios.map { ratio, bound in
          let share = CostClaim.Share(ratio: ratio, bound: bound)
          return (share, share, share)
        }, overRuns: false)
    }
    #expect(verdict((0.5, .exact), (0.6, .atLeast)) == .holdsInPart)
    #expect(verdict((0.5, .exact), (1, .exact)) == .cannotTell)
    #expect(verdict((0.5, .exact), (0.9, .atMost)) == .cannotTell)
    #expect(verdict((1.5, .exact)) == .cannotTell)
    #expect(verdict() == .notMeasured)
  }

  @Test("with intervals over runs it holds when every mixture surely saves 35 %")
  func overRuns() {
    func share(_ ratio: Double, _ bound: CostClaim.EqualQuality.Bound = .exact) -> CostClaim.Share {
      CostClaim.Share(ratio: ratio, bound: bound)
    }
    func verdict(_ shares: (low: CostClaim.Share, value: CostClaim.Share, high: CostClaim.Share)...) -> Verdict {
      CostClaim.verdict(shares, overRuns: true)
    }
    #expect(verdict((share(0.4), share(0.5), share(0.64))) == .holds)
    #expect(verdict((share(0.4), share(0.5), share(0.64)), (share(0.5), share(0.6), share(0.66))) == .holdsInPart)
    #expect(verdict((share(0.4), share(0.5), share(1.1))) == .cannotTell)
    // The dense model of the worst loss may be cheaper than the cheapest that was trained.
    #expect(verdict((share(0.4), share(0.5), share(0.64, .atMost))) == .cannotTell)
    #expect(verdict((share(0.7), share(0.9), share(1.1))) == .doesNotHold)
    // That of the best loss may be dearer than the dearest.
    #expect(verdict((share(0.7, .atLeast), share(0.9), share(1.1))) == .cannotTell)
    #expect(verdict((share(0.7), share(0.9), share(1.1)), (share(0.6), share(0.9), share(1.1))) == .cannotTell)
    #expect(verdict() == .notMeasured)
  }

  @Test("runs of one size are one point, whose interval is over runs")
  func runsTogether() throws {
    func run(_ name: String, _ dense: Bool, _ flops: Int, _ loss: Double) -> ControlRun {
      SampleEvidence.control(name, dense: dense, flops: flops, loss: loss)
    }
    let single = ControlRun.together([run("b", true, 4, 1), run("a", true, 2, 2)])
    #expect(single.map(\.name) == ["a", "b"] && single.allSatisfy { $0.runs == 1 && !$0.spansRuns })
    let several = ControlRun.together([
      run("a", true, 2, 2), run("b", true, 4, 1), run("b", true, 4, 1.1), run("c", false, 3, 1.5),
      run("c", false, 3, 1.6), run("c", false, 3, 1.7),
    ])
    #expect(several.map(\.runs) == [1, 2, 3] && several.allSatisfy(\.spansRuns))
    #expect(abs(several[1].loss - 1.05) < 1e-12 && abs(several[2].loss - 1.6) < 1e-12)
    // By numpy: the squares of logarithms about their means, 0.0045420 + 0.0078355, over three degrees of freedom.
    let deviation = 0.0642326
    #expect(abs(several[0].lossSpread - 3.182 * 2 * deviation) < 1e-4)
    #expect(abs(several[2].lossSpread - 3.182 * 1.6 * deviation / 3.0.squareRoot()) < 1e-4)
    var evidence = SampleEvidence.evidence()
    evidence.controls = several
    let claim = CostClaim.evaluate(evidence)
    #expect(claim.finding.contains("; 1 to 3 training runs each.") && claim.runs == 6)
    #expect(claim.spread.hasSuffix("the intervals of their losses over runs"))
    #expect(claim.line.hasPrefix("Holds when every mixture surely"))
    #expect(abs(Estimate.studentQuantile(freedom: 5) - 2.571) < 4e-3)
    #expect(abs(Estimate.studentQuantile(freedom: 12) - 2.179) < 1e-3)
  }

  @Test("every mixture is named, and one that saw other batches does not stand for the others")
  func namesAll() throws {
    var evidence = SampleEvidence.evidence()
    let claim = CostClaim.evaluate(evidence)
    #expect(claim.verdict == .holdsInPart)
    #expect(claim.finding.contains("moe-8 (loss 1.240) saves 2"))
    #expect(claim.finding.contains("moe-16 (loss 1.200) saves 38."))
    #expect(claim.measured?.name == "moe-16, operations per token")
    // Both mixtures, not the scatter of one curve's end.
    let ratio = try #require(claim.ratio)
    #expect(ratio.low == ratio.value && ratio.high > ratio.value + 0.1)
    for text in [claim.finding, claim.method, claim.line, claim.spread] { #expect(!text.contains("surely")) }
    let index = try #require(evidence.controls.firstIndex { $0.name == "moe-16" })
    evidence.controls[index].strayedAt = 1.1e7
    let strayed = CostClaim.evaluate(evidence)
    #expect(strayed.finding.contains("moe-16 saw other batches than the other runs from about 11.0 M of its 20.0 M"))
    #expect(strayed.measured?.name == "moe-8, operations per token")
    #expect(ConstantLatencyClaim.evaluate(evidence).finding.contains("moe-16 saw other batches"))
    // Worse than every dense run: it saves at most less than nothing.
    evidence.controls[index].loss = 1.4
    let worse = CostClaim.evaluate(evidence)
    #expect(worse.verdict == .cannotTell && worse.finding.contains("moe-16 (loss 1.400) costs at least 2.1 % more"))
  }

  @Test("a larger dense run that ends worse is said")
  func disorder() {
    let dense = [
      SampleEvidence.control("small", dense: true, flops: 2, loss: 4),
      SampleEvidence.control("middle", dense: true, flops: 4, loss: 1),
      SampleEvidence.control("large", dense: true, flops: 8, loss: 1.5),
    ]
    #expect(CostClaim.disorder(dense).hasPrefix(" large ends at a higher loss (1.500) than the smaller middle (1.000)"))
    #expect(CostClaim.disorder(Array(dense.prefix(2))).isEmpty)
  }

  @Test("the dense model of equal loss is interpolated, or bounded where the controls do not reach")
  func equalQuality() throws {
    let dense = [
      SampleEvidence.control("small", dense: true, flops: 2, loss: 4),
      SampleEvidence.control("large", dense: true, flops: 8, loss: 1),
    ]
    func cost(_ loss: Double) -> CostClaim.EqualQuality? {
      CostClaim.denseCost(atLoss: loss, dense: dense) { Double($0.flopsPerToken) }
    }
    let exact = try #require(cost(2))
    #expect(abs(exact.cost - 4) < 1e-9 && exact.bound == .exact)
    #expect(cost(0.9) == CostClaim.EqualQuality(cost: 8, bound: .atLeast))
    #expect(cost(4.5) == CostClaim.EqualQuality(cost: 2, bound: .atMost))
    #expect(CostClaim.denseCost(atLoss: 2, dense: []) { Double($0.flopsPerToken) } == nil)
  }

  @Test("a trained dense model stands beside the mixture, on the questions that both answered")
  func trainedControls() throws {
    var evidence = SampleEvidence.evidence()
    #expect(CostClaim.evaluate(evidence).tables.allSatisfy { $0.title != "Trained models" })
    let dense = SystemCard(
      id: "dense-total", kind: .denseTotal, models: ["d"], parameters: 10_900_000, activeParameters: 10_900_000,
      bytesPerToken: 20_000_000, flopsPerToken: 18_800_000, cores: 2)
    evidence.systems = [SampleEvidence.unified, dense]
    func answer(_ system: SystemCard, _ number: Int, _ isRight: Bool) -> AnswerRecord {
      SampleEvidence.answer(
        system, "see-\(number)", skill: "see", kind: .image, mode: .question, isRight: isRight, total: 1)
    }
    // The mixture is right in 4 of 4, the dense model in 3; a fifth question only the dense model answered.
    evidence.answers =
      (0..<4).map { answer(SampleEvidence.unified, $0, true) }
      + (0..<5).map { answer(dense, $0, $0 > 0) }
    let claim = CostClaim.evaluate(evidence)
    let table = try #require(claim.tables.first { $0.title == "Trained models" })
    #expect(
      table.rows.map { [$0[0], $0[4], $0[7], $0[8]] }
        == [["unified", "100 %", "4", "100 %"], ["dense-total", "75.0 %", "4", "75.0 %"]])
    #expect(
      claim.finding.hasSuffix(
        "unified has a mean score of 100 % on all questions, dense-total (2.00× its operations) 75.0 %."))
  }
}
