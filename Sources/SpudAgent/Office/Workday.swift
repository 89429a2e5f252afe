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
  /// Letters of the descriptions that the hands were given in place of screens.
  package let lettersDescribed: Int

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
    /// Makes a second model for a ticket, which watches; in place of `opinion`.
    package var overseer: ((TicketText) throws -> any Overseer)?
    package var person: (@Sendable (Proposal) -> Bool)?
    package var asksForWrites = false
    package var secrets: [String] = []
    package var writeLog: ((String) -> Void)?
    package var notice = ""
    /// Tells the hands in words what is to be seen, in place of the screen.
    package var describesScreens = false

    package init() {}
  }

  /// Does a task.
  ///
  /// - Parameters:
  ///   - sandbox: of a real browser; nil for its double.
  ///   - hands: whoever decides what to do.
  package init(_ task: PortalTask, hands: any Hands, sandbox: Sandbox?, setting: Setting = Setting()) throws {
    let plan = try Plan(ticket: task.ticket)
    let overseer = try setting.overseer?(TicketText(task.ticket))
    let opinion = overseer.map { overseer in { @Sendable in overseer.opinion(of: $0) } } ?? setting.opinion
    let gate =
      setting.usesGuardian
      ? try plan.gate(opinion: opinion, person: setting.person, asksForWrites: setting.asksForWrites) : nil
    let portal = try task.portal()
    portal.notice = setting.notice
    let office = Office(portal: portal, gate: gate)
    let shown: any Surface = try sandbox.map { try BrowserSurface(office, in: $0) } ?? PageDouble(office)
    let described = setting.describesScreens ? DescribedSurface(of: shown) : nil
    let surface = described ?? shown
    log = AgentLog(secrets: setting.secrets, write: setting.writeLog)
    var options = setting.options
    options.overseer = overseer
    let agent = Agent(surface: surface, hands: hands, gate: gate, log: log, options: options)
    office.dispatched = { [unowned agent] in agent.dispatched }
    report = try agent.run(plan)
    judgement = try Judgement(
      task, records: portal.records,
      alerts: report.alerts.map { PortalTask.Blocker(subject: $0.subject, reason: $0.blocker) })
    lettersDescribed = described?.letters ?? 0
    events = gate?.events ?? []
    stopped = office.stopped
    writes = portal.writes
    shortest = task.gold.reduce(0) { $0 + 3 + 2 * $1.form.fields.count }
  }
}
