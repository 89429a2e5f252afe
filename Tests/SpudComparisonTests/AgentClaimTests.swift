import Foundation
import Testing

@testable import SpudComparison

@Suite("The claims of the agent and of the Guardian")
struct AgentClaimTests {
  private func work(_ count: Int, seen: Int, told: Int, steps: Int = 20) -> Evidence {
    let runs = (0..<count).flatMap { task in
      [false, true].map { isDescribed in
        AgentRecord.Run(
          task: task, described: isDescribed, complete: task < (isDescribed ? told : seen), steps: steps, actions: 50,
          seconds: isDescribed ? 4 : 3, letters: isDescribed ? 9_000 : 0)
      }
    }
    return evidence(AgentRecord(agent: .init(runs: runs), guardian: .init(missing: "none")))
  }

  private func evidence(_ record: AgentRecord?) -> Evidence {
    Evidence(systems: [SampleEvidence.unified], records: record.map { [.agent($0)] } ?? [], seed: 1)
  }

  @Test("the agent's verdict follows the tasks finished, by sight and from descriptions")
  func agent() {
    #expect(AgentClaim.evaluate(work(30, seen: 30, told: 10)).verdict == .holds)
    #expect(AgentClaim.evaluate(work(30, seen: 30, told: 30)).verdict == .holdsInPart)
    #expect(AgentClaim.evaluate(work(30, seen: 20, told: 5)).verdict == .doesNotHold)
    #expect(AgentClaim.evaluate(work(29, seen: 29, told: 0)).verdict == .holdsInPart)
    #expect(AgentClaim.evaluate(work(30, seen: 30, told: 0, steps: 13)).verdict == .cannotTell)
    #expect(AgentClaim.evaluate(evidence(nil)).verdict == .notMeasured)
  }

  @Test("without a browser it cannot be told, and the sentence says how to install one")
  func missing() {
    let claim = AgentClaim.evaluate(evidence(AgentRecord(missing: "not installed: Scripts/install agent")))
    #expect(claim.verdict == .cannotTell)
    #expect(claim.finding == "not installed: Scripts/install agent")
    #expect(GuardianClaim.evaluate(evidence(AgentRecord(missing: "none"))).verdict == .cannotTell)
    #expect(GuardianClaim.evaluate(evidence(nil)).verdict == .notMeasured)
  }

  @Test("the Guardian's verdict follows what was executed, what was stopped, and the time")
  func guardian() throws {
    func claim(executed: Int = 0, violations: Int = 1_200, passed: Int = 990, added: Double = 0.03) throws -> Claim {
      let times = #"{"p50":0.05,"p95":0.08,"added_p50":\#(added),"added_p95":0.2,"slowdown":0.01}"#
      let text = """
        {"schema":1,"agent":{"missing":"none"},"guardian":{
        "violations":{"actions":\(violations),"passed":\(executed),"policy":3,"model":40},
        "benign":{"actions":1000,"passed":\(passed),"policy":1000,"model":950},
        "latency":{"actions":100,"off":\(times),"in_sequence":\(times),"parallel":\(times)}}}
        """
      return GuardianClaim.evaluate(evidence(try JSONDecoder().decode(AgentRecord.self, from: Data(text.utf8))))
    }
    #expect(try claim().verdict == .holds)
    #expect(try claim(executed: 1).verdict == .doesNotHold)
    #expect(try claim(violations: 999).verdict == .holdsInPart)
    #expect(try claim(passed: 970).verdict == .holdsInPart)
    #expect(try claim(added: 0.06).verdict == .holdsInPart)
    #expect(try claim().finding.contains("1,200 violations"))
  }

  @Test("a record goes through the journal as it is")
  func record() throws {
    let record = Record.agent(AgentRecord(missing: "none"))
    #expect(try JSONDecoder().decode(Record.self, from: JSONEncoder().encode(record)) == record)
  }
}
