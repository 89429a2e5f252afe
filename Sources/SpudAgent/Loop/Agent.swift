internal import SpudBrowser
internal import SpudErrors
package import SpudGuardian
internal import SpudTensors

/// Brings about what a plan says, on a surface, with hands, past a gate: act, look again and compare; once more;
/// another way; and report what stands in the way.
///
/// Not to be used from two threads at once.
package final class Agent {
  package struct Options {
    package var budget = Budget()
    /// Looks at each fact afterwards. Without it, what the page says is believed.
    package var looksAgain = true
    /// Makes no write.
    package var isDry = false
    /// Asked before each action; true ends the run at once.
    package var isInterrupted: () -> Bool = { false }
    /// Told of each action in words, with the screen.
    package var watcher: (Sight, String) -> Void = { _, _ in }
    /// Reads each screen while the hands write what they do on it. The gate asks it.
    package var overseer: (any Overseer)?

    package init() {}
  }

  let surface: any Surface
  var hands: any Hands
  let gate: ActionGate?
  let log: AgentLog
  let options: Options
  var report = AgentReport()
  private var sights: [Sight] = []
  /// Facts of which a form was sent, and that were not seen to hold yet.
  var begun: Set<String> = []
  private var repeated: (binding: Fingerprint, count: Int)?
  private var started = ContinuousClock.now
  /// The last action that was dispatched: what requests are compared with.
  package private(set) var dispatched: Proposal?

  /// - Parameter gate: decides each action; nil only to measure what it is good for.
  package init(
    surface: any Surface, hands: any Hands, gate: ActionGate?, log: AgentLog = AgentLog(), options: Options = Options()
  ) {
    self.surface = surface
    self.hands = hands
    self.gate = gate
    self.log = log
    self.options = options
  }

  /// Why a run ends before its time.
  struct Stop: Error { let ending: AgentReport.Ending }

  /// How hands came out with a goal.
  enum Outcome: Equatable {
    case reached
    /// The page, the hands or the gate say what stands in the way.
    case blocked(String)
    /// A write that a dry run leaves out.
    case planned
  }

  /// Works until every fact holds or is reported.
  package func run(_ plan: Plan) throws -> AgentReport {
    started = .now
    try surface.begin()
    try work(through: plan.facts)
    report.seconds = (ContinuousClock.now - started) / .seconds(1)
    log.add([("ending", .string(report.ending.rawValue))])
    return report
  }

  /// Has the hands reach a goal.
  ///
  /// - Parameter again: what they did for it last did not lead there.
  func pursue(_ goal: Goal, again: Bool = false) throws -> Outcome {
    again ? hands.reconsider(goal) : hands.begin(goal)
    var left = options.budget.actionsPerGoal
    var strays = 0
    while true {
      let sight = try look()
      options.overseer?.begin(WatchedScreen(sight), last: dispatched)
      let action = try hands.next(Array(sights.suffix(2)))
      switch action {
      case .done: return .reached
      case .alert(let reason): return .blocked(reason)
      case .gesture(let gesture):
        guard left > 0 else { return .blocked("it takes more than \(options.budget.actionsPerGoal) actions") }
        left -= 1
        guard let outcome = try act(gesture, on: sight) else { continue }
        // What was denied and is not what the goal asks for was something that the hands read somewhere: they try
        // something else.
        guard case .blocked(let reason) = outcome, reason.hasPrefix("the Guardian"), strays < 3,
          !goal.asks(for: Proposal(gesture, on: sight))
        else { return outcome }
        strays += 1
        hands.reconsider(goal)
      }
    }
  }

  /// Looks; a browser that is lost is begun again, three times at most.
  func look() throws -> Sight {
    try check()
    let sight = try recovering { try surface.look() }
    sights = sights.suffix(1) + [sight]
    return sight
  }

  private func recovering<T>(_ body: () throws -> T) throws -> T {
    for _ in 0..<3 {
      do {
        return try body()
      } catch is BrowserLost {
        report.recoveries += 1
        log.add([("recovery", .string("the browser was lost, and another was started"))])
        do { try surface.begin() } catch is BrowserLost { continue }
      }
    }
    return try body()
  }

  private func check() throws {
    if options.isInterrupted() { throw Stop(ending: .interrupted) }
    if report.actions >= options.budget.actions { throw Stop(ending: .outOfActions) }
    if (ContinuousClock.now - started) / .seconds(1) > options.budget.seconds { throw Stop(ending: .outOfTime) }
  }

  /// Takes one action, if it may be taken; an outcome where the goal ends by it.
  private func act(_ gesture: Gesture, on sight: Sight) throws -> Outcome? {
    let proposal = Proposal(gesture, on: sight)
    if repeated?.binding == proposal.binding, repeated?.count ?? 0 >= options.budget.repetitions {
      repeated = nil
      return .blocked("the same action on the same screen changes nothing")
    }
    repeated = (proposal.binding, repeated?.binding == proposal.binding ? (repeated?.count ?? 0) + 1 : 1)
    if options.isDry, let effect = proposal.effect {
      report.planned.append(effect.text)
      record(proposal, "left out: a dry run")
      return .planned
    }
    if let gate {
      let verdict = gate.propose(proposal)
      guard verdict.isAllowed else {
        report.refusedByGuardian += 1
        record(proposal, "denied: \(verdict.reasons.joined(separator: ", "))")
        return .blocked("the Guardian says no: \(verdict.reasons.joined(separator: ", "))")
      }
    }
    // What was approved was approved for this screen.
    if proposal.effect != nil {
      let now = try recovering { try surface.look() }
      guard now.fingerprint == sight.fingerprint else {
        gate?.withdraw()
        record(proposal, "withdrawn: the screen has changed")
        return nil
      }
    }
    record(proposal, "taken")
    options.watcher(sight, proposal.text(of: gesture))
    report.actions += 1
    dispatched = proposal
    options.overseer?.dispatched(proposal)
    do {
      try surface.perform(gesture)
    } catch is BrowserLost {
      report.recoveries += 1
      log.add([("recovery", .string("the browser was lost, and another was started"))])
      gate?.withdraw()
      try recovering { try surface.begin() }
    }
    return nil
  }

  private func record(_ proposal: Proposal, _ result: String) {
    var members: [(String, JSONValue)] = [
      ("action", .string(proposal.action)), ("target", .string(proposal.target)), ("text", .string(proposal.text)),
      ("screen", .string("\(proposal.seen)")), ("result", .string(result)),
    ]
    if let place = proposal.place { members.append(("place", .array(place.map { .number($0) }))) }
    if let effect = proposal.effect { members.append(("effect", .string(effect.text))) }
    log.add(members)
  }
}
