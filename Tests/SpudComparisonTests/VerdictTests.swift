import SpudInference
import SpudPipeline
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
    // Nothing of it holds, so it does not hold in part.
    #expect(verdict(unclear, growing) == .doesNotHold)
    #expect(verdict(unclear, growing, false) == .doesNotHold)
    #expect(verdict(growing, nil) == .doesNotHold)
    #expect(verdict(unclear, unclear) == .cannotTell)
    #expect(verdict(constant, nil) == .holdsInPart)
    #expect(verdict(nil, nil) == .notMeasured)
  }

  @Test("constant latency: runs in turn are paired by repetition, runs that were not are compared by their medians")
  func growth() throws {
    func point(_ axis: DecodeRecord.Axis, _ place: Int, _ times: [Double]) -> ConstantLatencyClaim.Point {
      let records = times.enumerated().map {
        SampleEvidence.decode(axis, experts: place, context: place, $0.offset, $0.element)
      }
      return .init(first: records[0], records: records)
    }
    let times = (1...7).map(Double.init)
    let first = point(.experts, 1, times)
    let last = point(.experts, 2, times.map { 2 * $0 })
    let paired = try #require(ConstantLatencyClaim.growth([first, last], inTurn: true))
    #expect(paired == Estimate(value: 2, low: 2, high: 2, count: 7))
    // In which order the runs stand must not matter, where they have nothing to do with each other.
    let apart = try #require(ConstantLatencyClaim.growth([first, last], inTurn: false))
    let turned = point(.context, 2, times.reversed().map { 2 * $0 })
    #expect(apart == ConstantLatencyClaim.growth([first, turned], inTurn: false))
    #expect(apart == Estimate(value: 2, low: 2.0 / 7, high: 14, count: 7))
    // A repetition that one of the two lacks has no pair.
    var short = last
    short.records.removeFirst()
    #expect(ConstantLatencyClaim.growth([first, short], inTurn: true)?.count == 6)
    #expect(ConstantLatencyClaim.growth([first, short], inTurn: true)?.value == 2)
  }

  @Test("constant latency: capability grows when the loss falls at every step")
  func capability() {
    func runs(_ losses: Double...) -> [ControlRun] {
      losses.map { SampleEvidence.control("moe", dense: false, flops: 2, loss: $0) }
    }
    #expect(ConstantLatencyClaim.capability(runs(3, 2, 1)) == true)
    #expect(ConstantLatencyClaim.capability(runs(3, 1, 2)) == false)
    #expect(ConstantLatencyClaim.capability(runs(3)) == nil)
  }

  @Test("video: 1.9 times the score, surely better at all, and a pipeline that leaves room for it")
  func video() {
    #expect(VideoClaim.verdict(unified: 0.95, pipeline: 0.5, difference: between(0.3, 0.45, 0.6)) == .holds)
    #expect(VideoClaim.verdict(unified: 0.94, pipeline: 0.5, difference: between(0.3, 0.44, 0.6)) == .holdsInPart)
    #expect(VideoClaim.verdict(unified: 0.95, pipeline: 0.5, difference: between(0, 0.45, 0.6)) == .doesNotHold)
    // 1.9 times 0.53 is more than everything.
    #expect(VideoClaim.verdict(unified: 0.95, pipeline: 0.53, difference: between(0.3, 0.42, 0.6)) == .cannotTell)
    #expect(VideoClaim.verdict(unified: 0.96, pipeline: 0.98, difference: between(-0.05, -0.02, 0.01)) == .cannotTell)
    #expect(VideoClaim.verdict(unified: 0.9, pipeline: 0.98, difference: between(-0.1, -0.08, -0.01)) == .doesNotHold)
  }

  @Test("video: what is wrong is counted on both sides")
  func videoErrors() {
    let row = ScoreComparison.Row(
      name: "all", unified: 0.9, pipeline: 0.8, difference: between(0, 0.1, 0.2), unifiedRight: 90, pipelineRight: 80)
    #expect(VideoClaim.errors(row).hasPrefix("Not entirely right are 10 of the unified model's answers and 20 of the"))
    #expect(VideoClaim.errors(row).contains("the pipeline makes 2.00× the unified model's errors"))
    var perfect = row
    perfect.unifiedRight = 100
    #expect(VideoClaim.errors(perfect).hasSuffix("of 100 each."))
  }

  @Test("together: ahead of the pipeline and of the commonest answer; behind the pipeline it does not hold")
  func together() {
    let ahead = between(0.01, 0.1, 0.2)
    let level = between(0, 0.1, 0.2)
    #expect(TogetherClaim.verdict(overPipeline: ahead, overCommonest: ahead) == .holds)
    #expect(TogetherClaim.verdict(overPipeline: level, overCommonest: ahead) == .holdsInPart)
    #expect(TogetherClaim.verdict(overPipeline: ahead, overCommonest: level) == .doesNotHold)
    #expect(TogetherClaim.verdict(overPipeline: between(-0.1, -0.05, 0), overCommonest: ahead) == .holdsInPart)
    #expect(TogetherClaim.verdict(overPipeline: between(-0.1, -0.05, -0.01), overCommonest: ahead) == .doesNotHold)
  }

  @Test("one space: above a half, above chance, or neither")
  func oneSpace() {
    let ahead = between(0.01, 0.1, 0.2)
    let level = between(0, 0.1, 0.2)
    #expect(OneSpaceClaim.verdict(hits: between(0.51, 0.6, 0.7), lead: ahead) == .holds)
    #expect(OneSpaceClaim.verdict(hits: between(0.5, 0.6, 0.7), lead: ahead) == .holdsInPart)
    #expect(OneSpaceClaim.verdict(hits: between(0.51, 0.6, 0.7), lead: level) == .holdsInPart)
    #expect(OneSpaceClaim.verdict(hits: between(0.1, 0.2, 0.3), lead: level) == .doesNotHold)
  }

  @Test("depth: ten times, 1.1 times, at most one point of accuracy, and questions on which a rule could gain")
  func depth() {
    #expect(DepthClaim.verdict(gain: between(10, 12, 14), accuracyLost: 0.01) == .holds)
    #expect(DepthClaim.verdict(gain: between(9.9, 12, 14), accuracyLost: 0.01) == .holdsInPart)
    #expect(DepthClaim.verdict(gain: between(1.09, 2, 3), accuracyLost: 0) == .doesNotHold)
    #expect(DepthClaim.verdict(gain: between(20, 21, 22), accuracyLost: 0.011) == .doesNotHold)
    #expect(DepthClaim.verdict(gain: between(1, 1, 1), accuracyLost: 0, attainable: 1.09) == .cannotTell)
    #expect(DepthClaim.verdict(gain: between(1, 1, 1), accuracyLost: 0, attainable: 1.1) == .doesNotHold)
  }

  @Test("depth: where hardly a question is answered without a thought, no rule can gain")
  func depthAttainable() {
    func questions(_ unthoughtRight: Int) -> [DepthClaim.Both] {
      (0..<20).map { number in
        func answer(_ mode: AnswerRecord.Mode, _ isRight: Bool, _ tokens: Int) -> AnswerRecord {
          var record = SampleEvidence.answer(
            SampleEvidence.unified, "reason-\(number)", skill: "reason", kind: .text, mode: mode, isRight: isRight,
            total: 1)
          record.usage.output = tokens
          return record
        }
        return .init(
          thinking: answer(.question, true, 40), unthinking: answer(.unthinking, number < unthoughtRight, 4))
      }
    }
    // One of 20 without: 800 tokens against 764. Ten of 20: against 440. None: there is nothing to gain.
    #expect(abs(DepthClaim.attainable(questions(1)) - 800.0 / 764) < 1e-9)
    #expect(abs(DepthClaim.attainable(questions(10)) - 800.0 / 440) < 1e-9)
    #expect(DepthClaim.attainable(questions(0)) == 1)
    var evidence = SampleEvidence.evidence()
    evidence.answers = questions(1).flatMap { [$0.thinking, $0.unthinking] }
    let claim = DepthClaim.evaluate(evidence)
    #expect(claim.verdict == .cannotTell && claim.finding.contains("they cannot test the claim"), "\(claim.finding)")
  }

  @Test("price: in all together and in every kind, else in some")
  func price() {
    let (cheaper, dearer) = (between(0.8, 0.9, 0.99), between(0.9, 1.1, 1.2))
    #expect(PriceClaim.verdict(total: cheaper, kinds: [cheaper, cheaper]) == .holds)
    #expect(PriceClaim.verdict(total: cheaper, kinds: [cheaper, dearer]) == .holdsInPart)
    #expect(PriceClaim.verdict(total: dearer, kinds: [cheaper, dearer]) == .holdsInPart)
    #expect(PriceClaim.verdict(total: dearer, kinds: [dearer]) == .doesNotHold)
  }

  @Test("price: each kind of prompt is compared with the pipeline that is cheapest there")
  func priceByKind() {
    var evidence = SampleEvidence.evidence()
    #expect(PriceClaim.evaluate(evidence).verdict == .holds)
    for index in evidence.answers.indices
    where evidence.answers[index].system == "pipeline-shared" && evidence.answers[index].kind == .both {
      evidence.answers[index].total /= 10
    }
    let claim = PriceClaim.evaluate(evidence)
    #expect(claim.verdict == .holdsInPart)
    #expect(claim.finding.contains("that of pipeline-specialists") && claim.finding.contains("(both)"))
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

  @Test("scores that are right in part are not counted as right answers")
  func partialCredit() throws {
    var evidence = SampleEvidence.evidence()
    for index in evidence.answers.indices where evidence.answers[index].mode == .question {
      evidence.answers[index].score = Score(value: 0.75, isRight: false)
    }
    let claim = NuanceClaim.evaluate(evidence)
    #expect(claim.finding.hasPrefix("On questions with media the unified model's mean score is 75.0 %"))
    #expect(claim.finding.contains("entirely right are 0 and 0 of 240"), "\(claim.finding)")
    let row = try #require(claim.tables.first?.rows.last)
    #expect(row.first == "all" && row[1] == "75.0 %" && row.suffix(2) == ["0", "0"])
    for claim in Claim.all(evidence) where [.nuance, .video, .together].contains(claim.id) {
      let words = [claim.finding, claim.line, claim.measured?.name ?? ""].joined()
      #expect(!words.contains("accuracy"))
      #expect(claim.method.hasSuffix(ScoreComparison.explanation))
    }
  }

  @Test("nuance: answers lost by the pipeline and by the unified model are both counted")
  func losses() throws {
    var evidence = SampleEvidence.evidence()
    evidence.systems = [SampleEvidence.unified, SampleEvidence.shared]
    func answer(
      _ system: SystemCard, _ number: Int, _ isRight: Bool, _ mode: AnswerRecord.Mode = .question
    ) -> AnswerRecord {
      SampleEvidence.answer(system, "see-\(number)", skill: "see", kind: .image, mode: mode, isRight: isRight, total: 1)
    }
    // Six questions: the pipeline lost 0 to 2, of them 2 even from the truth; the unified model lost 3 and 4.
    evidence.answers =
      (0..<6).map { answer(SampleEvidence.unified, $0, $0 != 3 && $0 != 4) }
      + (0..<6).map { answer(SampleEvidence.shared, $0, $0 > 2) }
      + (0..<6).map { answer(SampleEvidence.shared, $0, $0 != 2, .toldTruth) }
    let claim = NuanceClaim.evaluate(evidence)
    #expect(claim.finding.contains("the description was wrong or silent in 2 and the language module missed it in 1."))
    #expect(claim.finding.contains("the unified model lost 2 that the pipeline had."), "\(claim.finding)")
    #expect(claim.tables.last?.rows == [["see", "2", "1", "2"]])
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
