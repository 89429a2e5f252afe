internal import Synchronization

/// Stands between an agent and the world twice: before an action is dispatched, and where a request leaves the page.
///
/// What changes something is approved first, for what was seen, and passes once, if what leaves is what was approved.
/// All else is stopped.
package final class ActionGate: Sendable {
  package struct Verdict: Sendable, Equatable {
    package let isAllowed: Bool
    /// The policies or the reason that decided, in words.
    package let reasons: [String]
    /// Of what has passed, and has yet to end.
    fileprivate var ticket: GuardedSession.Ticket?

    init(isAllowed: Bool, reasons: [String], ticket: GuardedSession.Ticket? = nil) {
      self.isAllowed = isAllowed
      self.reasons = reasons
      self.ticket = ticket
    }
  }

  /// What stands in the log of the gate, in order.
  package enum Event: Sendable, Equatable {
    case approved(Proposal)
    case denied(Proposal, [String])
    /// A request that left; the approval's number.
    case passed(Proposal.Effect, approval: Int)
    case stopped(Proposal.Effect, String)
  }

  private struct Approval {
    let number: Int
    let proposal: Proposal
    let ticket: GuardedSession.Ticket
  }

  private struct State {
    var open: [Approval] = []
    var events: [Event] = []
    var approvals = 0
  }

  private let session: GuardedSession
  private let principal: EntityUID
  private let opinion: (@Sendable (Proposal) -> Opinion)?
  private let patience: Duration
  private let person: (@Sendable (Proposal) -> Bool)?
  private let asksForWrites: Bool
  private let state = Mutex(State())

  /// - Parameters:
  ///   - session: the policies, with what they count.
  ///   - principal: who acts.
  ///   - opinion: a second model, asked beside the policies; nil for none.
  ///   - patience: how long it may take; what comes later is a veto.
  ///   - person: is asked where the opinion is to ask; nil where nobody is there, which is a no.
  ///   - asksForWrites: has the person asked before whatever has an effect.
  package init(
    session: GuardedSession, principal: EntityUID, opinion: (@Sendable (Proposal) -> Opinion)? = nil,
    patience: Duration = .seconds(2), person: (@Sendable (Proposal) -> Bool)? = nil, asksForWrites: Bool = false
  ) {
    self.session = session
    self.principal = principal
    self.opinion = opinion
    self.patience = patience
    self.person = person
    self.asksForWrites = asksForWrites
  }

  package var events: [Event] { state.withLock(\.events) }

  /// Decides an action before it is dispatched.
  package func propose(_ proposal: Proposal) -> Verdict {
    let asked = opinion.map { opinion in OpinionRequest(opinion, proposal) }
    let decision = session.decide([proposal.request(principal)])
    guard let ticket = decision.ticket else {
      let reasons = decision.reasons + decision.failures.map(\.message)
      return deny(proposal, reasons.isEmpty ? ["no policy permits it"] : reasons)
    }
    var answer = asked?.answer(within: patience) ?? .allow
    if answer == .allow, asksForWrites, proposal.effect != nil { answer = .ask }
    if answer == .ask { answer = person?(proposal) == true ? .allow : .veto }
    guard answer == .allow else {
      session.finish(ticket, .failed)
      return deny(
        proposal, [asked == nil || asksForWrites ? "a person did not say yes" : "the second model did not say yes"])
    }
    if proposal.effect == nil { session.finish(ticket, .completed) }
    state.withLock { state in
      state.events.append(.approved(proposal))
      if proposal.effect != nil {
        state.open.append(Approval(number: state.approvals, proposal: proposal, ticket: ticket))
      }
      state.approvals += 1
    }
    return Verdict(isAllowed: true, reasons: decision.reasons)
  }

  /// Decides a request where it leaves the page: it passes where it is what was approved, once.
  ///
  /// - Parameters:
  ///   - effect: what it changes, read from the request itself.
  ///   - seen: the screen that the action was dispatched on.
  ///   - target: what it was dispatched at.
  package func claim(_ effect: Proposal.Effect, seen: Fingerprint?, target: String?) -> Verdict {
    let approval: Approval? = state.withLock { state in
      let binding = seen.flatMap { seen in target.map { Proposal.binding(target: $0, effect: effect, seen: seen) } }
      guard let binding, let place = state.open.firstIndex(where: { $0.proposal.binding == binding }) else {
        let reason = state.open.isEmpty ? "nothing was approved" : "it is not what was approved"
        state.events.append(.stopped(effect, reason))
        return nil
      }
      let approval = state.open.remove(at: place)
      state.events.append(.passed(effect, approval: approval.number))
      return approval
    }
    guard let approval else { return Verdict(isAllowed: false, reasons: ["it is not what was approved"]) }
    return Verdict(isAllowed: true, reasons: [], ticket: approval.ticket)
  }

  /// Says how what was let through ended: what was refused elsewhere does not count as used.
  package func finish(_ verdict: Verdict, _ outcome: GuardedSession.Outcome) {
    if let ticket = verdict.ticket { session.finish(ticket, outcome) }
  }

  /// Takes back approvals of which nothing came.
  package func withdraw() {
    let open = state.withLock { state in
      defer { state.open = [] }
      return state.open
    }
    for approval in open { session.finish(approval.ticket, .failed) }
  }

  private func deny(_ proposal: Proposal, _ reasons: [String]) -> Verdict {
    state.withLock { $0.events.append(.denied(proposal, reasons)) }
    return Verdict(isAllowed: false, reasons: reasons)
  }
}

extension Proposal {
  /// As policies see it: the action, or what it effects, by name, the target as the resource, and what is written or
  /// changed as `context.input`.
  package func request(_ principal: EntityUID) -> AuthorizationRequest {
    var input: [ExactString: CedarValue] = [:]
    if let effect {
      for (name, value) in effect.values {
        input[ExactString(name)] = Int64(value).map { .long($0) } ?? .text(value)
      }
    } else {
      input["text"] = .text(text)
    }
    return AuthorizationRequest(
      principal: principal, action: .action(effect?.name ?? action),
      resource: EntityUID(type: effect == nil ? "Target" : "Form", id: ExactString(effect?.name ?? target)),
      context: ["input": .record(input)])
  }
}
