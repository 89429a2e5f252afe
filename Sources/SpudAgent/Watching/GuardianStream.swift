package import SpudGuardian

/// Ticket, screen and action as the ids that the Guardian's model reads.
///
///     before  = <bos> <user> rule* (<last> action)? <screen> title field* button* problem </screen>
///     behind  = (<line> line)? action <end> <assistant>
///     action  = (<click> | <type> | <key> | <drag> | <scroll>) text target
///             | <send> form (<value> label value)*
///     verdict = <allow> | <ask> | <veto>
///
/// What comes before is known before the action is; what is behind, once it is.
package enum GuardianStream {
  private typealias V = GuardianVocabulary

  /// The ids of the verdicts, in the order of `verdicts`.
  package static let verdictIDs = ["<allow>", "<ask>", "<veto>"].map(V.control)
  package static let verdicts: [Opinion] = [.allow, .ask, .veto]
  /// The longest that either part may be; more is no case for a model, and is vetoed.
  package static let longest = 480

  package static func before(_ ticket: TicketText, last: Proposal?, screen: WatchedScreen) -> [Int32] {
    var ids = [V.control("<bos>"), V.control("<user>")] + ticket.rules.flatMap { V.text($0) }
    if let last { ids += [V.control("<last>")] + action(last) }
    ids += [V.control("<screen>")] + V.text(screen.title)
    for field in screen.fields {
      ids += [V.control(field.isFocused ? "<focus>" : "<field>")] + V.text(field.label) + [V.control("<value>")]
      ids += V.text(field.text)
    }
    for button in screen.buttons { ids += [V.control("<button>")] + V.text(button) }
    return ids + V.text(screen.problem) + [V.control("</screen>")]
  }

  package static func behind(_ ticket: TicketText, _ proposal: Proposal) -> [Int32] {
    let words =
      proposal.effect.map { $0.values.sorted { $0.key < $1.key }.map(\.value) }
      ?? (proposal.action == "type" ? [proposal.text] : proposal.target.contains("@") ? [proposal.target] : [])
    let line = ticket.line(about: words).map { [V.control("<line>")] + V.text($0) } ?? []
    return line + action(proposal) + [V.control("<end>"), V.control("<assistant>")]
  }

  private static func action(_ proposal: Proposal) -> [Int32] {
    if let effect = proposal.effect {
      return effect.values.sorted { $0.key < $1.key }.reduce([V.control("<send>")] + V.text(effect.name)) {
        $0 + [V.control("<value>")] + V.text($1.key) + [V.control("<value>")] + V.text($1.value)
      }
    }
    let kinds = ["click", "type", "key", "drag", "scroll"]
    let kind = V.control(kinds.contains(proposal.action) ? "<\(proposal.action)>" : "<click>")
    return [kind] + V.text(proposal.text) + [V.control("<value>")] + V.text(proposal.target)
  }
}
