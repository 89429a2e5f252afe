import Testing

@testable import SpudComparison

private func between(_ low: Double, _ value: Double, _ high: Double) -> Estimate {
  Estimate(value: value, low: low, high: high, count: 100)
}

@Suite("A verdict flips when its number crosses its line")
struct VerdictTests {
  @Test("latency: faster in every cell, in some, in none")
  func latency() {
    let faster = between(0.5, 0.6, 0.999)
    let tie = between(0.9, 0.95, 1.0)
    #expect(LatencyClaim.verdict([faster, faster]) == .holds)
    #expect(LatencyClaim.verdict([faster, tie]) == .holdsInPart)
    #expect(LatencyClaim.verdict([tie, tie]) == .doesNotHold)
    #expect(LatencyClaim.verdict([]) == .notMeasured)
  }

  @Test("nuance: the interval, then the difference, then a single skill must exceed 2 points")
  func nuance() {
    #expect(NuanceClaim.verdict(total: between(0.021, 0.05, 0.09), skills: []) == .holds)
    #expect(NuanceClaim.verdict(total: between(0.021, 0.05, 0.09), skills: [], lacked: 5, missed: 5) == .holds)
    // What the reader misses in a true description was not lost in translation.
    #expect(NuanceClaim.verdict(total: between(0.021, 0.05, 0.09), skills: [], lacked: 5, missed: 6) == .holdsInPart)
    #expect(NuanceClaim.verdict(total: between(0.02, 0.05, 0.09), skills: []) == .holdsInPart)
    #expect(NuanceClaim.verdict(total: between(-0.02, 0.02, 0.06), skills: []) == .doesNotHold)
    #expect(
      NuanceClaim.verdict(total: between(-0.02, 0.01, 0.04), skills: [between(0.03, 0.1, 0.2)]) == .holdsInPart)
  }

  @Test("cost: 35 % and 0 % are the lines")
  func cost() {
    #expect(CostClaim.verdict(saving: between(0.35, 0.5, 0.6)) == .holds)
    #expect(CostClaim.verdict(saving: between(0.35, 0.5, 0.6), bound: .atMost) == .holdsInPart)
    #expect(CostClaim.verdict(saving: between(0.349, 0.5, 0.6)) == .holdsInPart)
    #expect(CostClaim.verdict(saving: between(-0.1, 0, 0.01)) == .holdsInPart)
    #expect(CostClaim.verdict(saving: between(-0.2, -0.1, 0)) == .doesNotHold)
  }

  @Test("cost: the dense model of equal loss is interpolated, or bounded where the controls do not reach")
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

  @Test("cost: a trained dense model stands beside the mixture, on the questions that both answered")
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
    evidence.answers = (0..<4).map { answer(SampleEvidence.unified, $0, true) }
      + (0..<5).map { answer(dense, $0, $0 > 0) }
    let claim = CostClaim.evaluate(evidence)
    let table = try #require(claim.tables.first { $0.title == "Trained models" })
    #expect(table.rows.map { [$0[0], $0[4], $0[7]] } == [["unified", "100 %", "4"], ["dense-total", "75.0 %", "4"]])
    #expect(claim.finding.hasSuffix("unified answers 100 % of all questions, dense-total (2.00× its operations) 75.0 %."))
  }

  @Test("constant latency: 10 % more is still constant, for experts and for context apart")
  func constantLatency() {
    func verdict(_ experts: Estimate?, _ context: Estimate?, _ capability: Bool? = true) -> Verdict {
      ConstantLatencyClaim.verdict(experts: experts, context: context, capability: capability)
    }
    let constant = between(0.98, 1.05, 1.10)
    let unclear = between(0.98, 1.05, 1.11)
    let growing = between(1.11, 1.2, 1.3)
    #expect(verdict(constant, constant) == .holds)
    #expect(verdict(constant, constant, false) == .holdsInPart)
    #expect(verdict(constant, constant, nil) == .holdsInPart)
    #expect(verdict(constant, unclear) == .holdsInPart)
    #expect(verdict(constant, growing) == .holdsInPart)
    #expect(verdict(growing, growing) == .doesNotHold)
    #expect(verdict(constant, nil) == .holdsInPart)
    #expect(verdict(nil, nil) == .notMeasured)
  }

  @Test("video: 1.9 times as often right, and surely better at all")
  func video() {
    #expect(VideoClaim.verdict(unified: 0.95, pipeline: 0.5, difference: between(0.3, 0.45, 0.6)) == .holds)
    #expect(VideoClaim.verdict(unified: 0.94, pipeline: 0.5, difference: between(0.3, 0.44, 0.6)) == .holdsInPart)
    #expect(VideoClaim.verdict(unified: 0.95, pipeline: 0.5, difference: between(0, 0.45, 0.6)) == .doesNotHold)
  }

  @Test("together: ahead of the pipeline and of the commonest answer")
  func together() {
    let ahead = between(0.01, 0.1, 0.2)
    let level = between(0, 0.1, 0.2)
    #expect(TogetherClaim.verdict(overPipeline: ahead, overCommonest: ahead) == .holds)
    #expect(TogetherClaim.verdict(overPipeline: level, overCommonest: ahead) == .holdsInPart)
    #expect(TogetherClaim.verdict(overPipeline: ahead, overCommonest: level) == .doesNotHold)
  }

  @Test("one space: above a half, above chance, or neither")
  func oneSpace() {
    #expect(OneSpaceClaim.verdict(hits: between(0.51, 0.6, 0.7), chance: 0.1) == .holds)
    #expect(OneSpaceClaim.verdict(hits: between(0.5, 0.6, 0.7), chance: 0.1) == .holdsInPart)
    #expect(OneSpaceClaim.verdict(hits: between(0.1, 0.2, 0.3), chance: 0.1) == .doesNotHold)
  }

  @Test("depth: ten times, 1.1 times, and at most one point of accuracy")
  func depth() {
    #expect(DepthClaim.verdict(gain: between(10, 12, 14), accuracyLost: 0.01) == .holds)
    #expect(DepthClaim.verdict(gain: between(9.9, 12, 14), accuracyLost: 0.01) == .holdsInPart)
    #expect(DepthClaim.verdict(gain: between(1.09, 2, 3), accuracyLost: 0) == .doesNotHold)
    #expect(DepthClaim.verdict(gain: between(20, 21, 22), accuracyLost: 0.011) == .doesNotHold)
  }

  @Test("price: in all together and in every kind, else in some")
  func price() {
    let (cheaper, dearer) = (between(0.8, 0.9, 0.99), between(0.9, 1.1, 1.2))
    #expect(PriceClaim.verdict(total: cheaper, kinds: [cheaper, cheaper]) == .holds)
    #expect(PriceClaim.verdict(total: cheaper, kinds: [cheaper, dearer]) == .holdsInPart)
    #expect(PriceClaim.verdict(total: dearer, kinds: [cheaper, dearer]) == .holdsInPart)
    #expect(PriceClaim.verdict(total: dearer, kinds: [dearer]) == .doesNotHold)
  }

  @Test("repetitions of one question are one observation")
  func repetitions() {
    var evidence = SampleEvidence.evidence()
    let once = LatencyClaim.evaluate(evidence)
    let again = evidence.answers.filter { $0.mode == .timed || $0.mode == .second }.map { answer in
      var answer = answer
      answer.repetition = 1
      return answer
    }
    evidence.answers += again
    #expect(LatencyClaim.evaluate(evidence).ratio == once.ratio)
    #expect(PriceClaim.evaluate(evidence).ratio?.count == PriceClaim.evaluate(SampleEvidence.evidence()).ratio?.count)
  }

  @Test("a few observations make nothing hold, nor does a baseline that cannot read")
  func fewOrUnfair() {
    #expect(Verdict.holds.onlyHolding(if: false) == .holdsInPart)
    #expect(Verdict.doesNotHold.onlyHolding(if: false) == .doesNotHold)
    var evidence = SampleEvidence.evidence()
    #expect(VideoClaim.evaluate(evidence).finding.contains("trained to answer from texts") == false)
    let together = TogetherClaim.evaluate(evidence).verdict
    let whole = evidence.answers
    // A third of the questions: under 30 pairs of films and of pictures with sound.
    evidence.answers = whole.filter { $0.example.hasSuffix("3") || $0.example.hasSuffix("7") }
    for claim in [VideoClaim.evaluate(evidence), TogetherClaim.evaluate(evidence), LatencyClaim.evaluate(evidence)] {
      #expect(claim.verdict != .holds)
      #expect(claim.finding.contains("nothing can be said to hold but in part"), "\(claim.finding)")
    }
    evidence.answers = whole.map { answer in
      var answer = answer
      if answer.mode == .toldTruth { answer.score = .wrong }
      return answer
    }
    let nuance = NuanceClaim.evaluate(evidence)
    #expect(nuance.verdict == .holdsInPart && nuance.finding.contains("it was not trained to answer from texts"))
    #expect(together == .doesNotHold || TogetherClaim.evaluate(evidence).verdict == .holdsInPart)
    evidence.answers = whole.filter { $0.mode != .toldTruth }
    #expect(NuanceClaim.evaluate(evidence).finding.contains("gives no true descriptions"))
    #expect(NuanceClaim.evaluate(evidence).verdict == .holdsInPart)
  }

  @Test("a whole claim flips with its evidence: the pipeline made three times faster wins")
  func wholeClaim() {
    var evidence = SampleEvidence.evidence()
    #expect(LatencyClaim.evaluate(evidence).verdict == .holds)
    for index in evidence.answers.indices where evidence.answers[index].system != "unified" {
      evidence.answers[index].total /= 3
      evidence.answers[index].firstToken /= 3
    }
    let claim = LatencyClaim.evaluate(evidence)
    #expect(claim.verdict == .doesNotHold)
    #expect((claim.ratio?.value ?? 0) > 1)
  }
}
