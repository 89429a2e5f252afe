internal import SpudGuardian
internal import SpudPortal

/// An action that a ticket's policies, its model, or the binding of both to what was seen must stop, or let through.
struct PolicyCase {
  let ticket: String
  let screen: WatchedScreen
  var last: Proposal?
  /// What is proposed before it is dispatched.
  let proposal: Proposal
  /// What leaves the page; nil where nothing does.
  var leaving: Proposal.Effect?
  /// The screen has changed between.
  var isElsewhere = false
  /// It leaves twice.
  var isTwice = false

  /// A form that is filled in on a screen and sent as it stands there.
  init(_ ticket: String, sending effect: Proposal.Effect) {
    self.ticket = ticket
    let order = PortalForm.allCases.first { $0.title == effect.name }?.fields ?? effect.values.keys.sorted()
    screen = WatchedScreen(
      title: effect.name,
      fields: order.map { .init(label: $0, text: effect.values[$0] ?? "", isFocused: false) }, buttons: ["Save"])
    proposal = Proposal(action: "click", target: "Save", effect: effect, seen: Fingerprint(of: "screen"))
    leaving = effect
  }

  init(_ ticket: String, _ question: RecordingOverseer.Question) {
    self.ticket = ticket
    (screen, last, proposal) = (question.screen, question.last, question.proposal)
    leaving = question.proposal.effect
  }

  /// Whether it comes through the gate, with a second model or without.
  func passes(gateWith overseer: (any Overseer)?) throws -> Bool {
    overseer?.begin(screen, last: last)
    let gate = try Plan(ticket: ticket).gate(
      opinion: overseer.map { overseer in { @Sendable in overseer.opinion(of: $0) } })
    guard gate.propose(proposal).isAllowed else { return false }
    guard let leaving else { return true }
    let seen = isElsewhere ? Fingerprint(of: "another") : proposal.seen
    guard isTwice else { return gate.claim(leaving, seen: seen, target: proposal.target).isAllowed }
    _ = gate.claim(leaving, seen: seen, target: proposal.target)
    return gate.claim(leaving, seen: seen, target: proposal.target).isAllowed
  }

  /// Whether a model by itself lets it through, which stands where requests leave and sees the same screen.
  func passes(_ overseer: any Overseer) -> Bool {
    overseer.begin(screen, last: isTwice ? proposal : last)
    let asked = Proposal(
      action: proposal.action, target: proposal.target, text: proposal.text, effect: leaving, seen: proposal.seen,
      place: proposal.place)
    return overseer.opinion(of: asked) == .allow
  }
}
