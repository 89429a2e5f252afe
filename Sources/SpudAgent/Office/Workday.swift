package import SpudBrowser
package import SpudGuardian
package import SpudPortal

/// One task, done by an agent and judged from outside.
package struct Workday {
  package let report: AgentReport
  package let judgement: Judgement
  /// What the gate saw, in order.
  package let events: [ActionGate.Event]
  /// Requests that were stopped where they left the page.
  package let stopped: [String]
  package let log: AgentLog
  package let writes: [PortalWrite]
  /// Actions that a clerk who errs nowhere needs for the gold writes alone.
  package let shortest: Int

  /// Finished as the ticket has it, with nothing else changed and every blocker reported.
  package var isComplete: Bool { judgement.isComplete && judgement.groundless.isEmpty && report.ending == .finished }

  /// What is wrong, in words.
  package var faults: String {
    "missing \(judgement.missing), collateral \(judgement.collateral), unreported \(judgement.unreported), groundless "
      + "\(judgement.groundless), alerts \(report.alerts.map { "\($0.fact): \($0.blocker)" })"
  }

  package struct Setting {
    package var usesGuardian = true
    package var options = Agent.Options()
    package var opinion: (@Sendable (Proposal) -> Opinion)?
    package var person: (@Sendable (Proposal) -> Bool)?
    package var asksForWrites = false
    package var secrets: [String] = []
    package var writeLog: ((String) -> Void)?
    package var notice = ""

    package init() {}
  }

  /// Does a task.
  ///
  /// - Parameters:
  ///   - sandbox: of a real browser; nil for its double.
  ///   - hands: whoever decides what to do.
  package init(_ task: PortalTask, hands: any Hands, sandbox: Sandbox?, setting: Setting = Setting()) throws {
    let plan = try Plan(ticket: task.ticket)
    let gate =
      setting.usesGuardian
      ? try plan.gate(opinion: setting.opinion, person: setting.person, asksForWrites: setting.asksForWrites) : nil
    let portal = try task.portal()
    portal.notice = setting.notice
    let office = Office(portal: portal, gate: gate)
    let surface: any Surface = try sandbox.map { try BrowserSurface(office, in: $0) } ?? PageDouble(office)
    log = AgentLog(secrets: setting.secrets, write: setting.writeLog)
    let agent = Agent(surface: surface, hands: hands, gate: gate, log: log, options: setting.options)
    office.dispatched = { [unowned agent] in agent.dispatched }
    report = try agent.run(plan)
    judgement = try Judgement(
      task, records: portal.records,
      alerts: report.alerts.map { PortalTask.Blocker(subject: $0.subject, reason: $0.blocker) })
    events = gate?.events ?? []
    stopped = office.stopped
    writes = portal.writes
    shortest = task.gold.reduce(0) { $0 + 3 + 2 * $1.form.fields.count }
  }
}
