import SpudBrowser
import SpudGuardian
import SpudPortal
import Testing

@testable import SpudAgent

@Suite("Work in the portal, without a browser")
struct OfficeTests {
  @Test(
    "scripted hands finish tasks of every family, with interruptions and obstacles",
    arguments: PortalTask.Family.allCases)
  func finishes(family: PortalTask.Family) throws {
    for seed in 0..<15 {
      let task = PortalTask.make(family, count: 3, seed: UInt64(seed), difficulty: .init(interruptions: 2))
      let day = try Workday(task, hands: ScriptedHands(), sandbox: nil)
      let isComplete = day.isComplete
      #expect(
        isComplete,
        """
        \(family) \(seed): missing \(day.judgement.missing), collateral \(day.judgement.collateral), unreported \
        \(day.judgement.unreported), groundless \(day.judgement.groundless), alerts \(day.report.alerts)
        """)
      #expect(day.stopped.isEmpty, "\(family) \(seed): \(day.stopped)")
    }
  }
}
