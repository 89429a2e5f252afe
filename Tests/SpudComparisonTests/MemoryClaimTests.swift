import Testing

@testable import SpudComparison

@Suite("The claim of memory")
struct MemoryClaimTests {
  /// Thirty conversations, of which the last session is resumed in `fraction` of the time.
  func evidence(fraction: Double, isSame: Bool = true, computed: Int = 40, count: Int = 30) -> Evidence {
    let records = (0..<count).flatMap { conversation in
      [2, 8].flatMap { visit in
        MemoryRecord.Way.allCases.map { way in
          let seconds = 0.2 * Double(visit) * (1 + 0.01 * Double(conversation % 5))
          return Record.memory(
            MemoryRecord(
              system: "unified", conversation: conversation, visit: visit, way: way, tokens: 100 * visit,
              computed: way == .resumed ? computed : 100 * visit,
              firstToken: way == .resumed ? seconds * fraction : seconds, total: seconds, isSame: isSame))
        }
      }
    }
    return Evidence(systems: [SampleEvidence.unified], records: records, seed: 1)
  }

  @Test("the verdict follows the time, the tokens computed and whether the answers are the same")
  func verdicts() {
    #expect(MemoryClaim.evaluate(evidence(fraction: 0.2)).verdict == .holds)
    #expect(MemoryClaim.evaluate(evidence(fraction: 0.7)).verdict == .holdsInPart)
    #expect(MemoryClaim.evaluate(evidence(fraction: 1.1)).verdict == .doesNotHold)
    #expect(MemoryClaim.evaluate(evidence(fraction: 0.2, isSame: false)).verdict == .doesNotHold)
    #expect(MemoryClaim.evaluate(evidence(fraction: 0.2, computed: 700)).verdict == .holdsInPart)
    #expect(MemoryClaim.evaluate(evidence(fraction: 0.2, count: 5)).verdict == .holdsInPart)
    #expect(MemoryClaim.evaluate(evidence(fraction: 0.2, count: 0)).verdict == .notMeasured)
  }

  @Test("the last session of each conversation is judged")
  func last() {
    let claim = MemoryClaim.evaluate(evidence(fraction: 0.25))
    #expect(claim.runs == 30 && claim.tables[0].rows.count == 4)
    #expect(abs((claim.ratio?.value ?? 0) - 0.25) < 1e-9)
    #expect(claim.finding.contains("800 tokens"))
  }
}
