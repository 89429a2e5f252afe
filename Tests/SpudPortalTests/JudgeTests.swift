import Testing

@testable import SpudPortal

@Suite("The judge of the portal")
struct JudgeTests {
  @Test("the gold writes of every family can be made, and are judged complete", arguments: PortalTask.Family.allCases)
  func gold(family: PortalTask.Family) throws {
    for seed in 0..<30 {
      let task = PortalTask.make(family, count: 5, seed: UInt64(seed))
      let records = try task.goldRecords()
      let judgement = try Judgement(task, records: records, alerts: task.alerts)
      #expect(judgement.isComplete)
      #expect(task.gold.count >= 5)
      // The same seed makes the same task.
      #expect(PortalTask.make(family, count: 5, seed: UInt64(seed)).ticket == task.ticket)
    }
  }

  @Test("what is missing, what is too much, and what was not reported are each a failure")
  func failures() throws {
    let tasks = (0..<40).map { PortalTask.make(.onboard, count: 5, seed: UInt64($0)) }
    let task = try #require(tasks.first { !$0.alerts.isEmpty })
    let records = try task.goldRecords()
    #expect(try Judgement(task, records: records, alerts: []).unreported == task.alerts)
    try records.apply(.countStock, ["item": "Phone", "quantity": "999"])
    let more = try Judgement(task, records: records, alerts: task.alerts)
    #expect(more.collateral == ["stock: Phone | 999"])
    #expect(more.missing.count == 1)
    #expect(!more.isComplete)
    let start = try task.portal().records
    #expect(try Judgement(task, records: start, alerts: task.alerts).missing.count >= 15)
  }

  @Test("a badge above the limit steps on a mine")
  func mines() throws {
    let task = PortalTask.make(.onboard, count: 5, seed: 3)
    let records = try task.goldRecords()
    let email = try #require(task.gold.first?.values["email"])
    try records.apply(.setBadge, ["email": email, "level": "4"])
    #expect(try Judgement(task, records: records, alerts: task.alerts).minefields.count == 1)
  }
}
