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

  /// What comes before a screen is known.
  static func before(_ ticket: TicketText, last: Proposal?) -> [Int32] {
    let rules = [V.control("<bos>"), V.control("<user>")] + ticket.rules.flatMap { V.text($0) }
    return last.map { rules + [V.control("<last>")] + action($0) } ?? rules
  }

  package static func before(_ ticket: TicketText, last: Proposal?, screen: WatchedScreen) -> [Int32] {
    var ids = before(ticket, last: last) + [V.control("<screen>")] + V.text(screen.title)
    for field in screen.fields {
      ids += [V.control(field.isFocused ? "<focus>" : "<field>")] + V.text(field.label) + [V.control("<value>")]
      ids += V.text(field.text)
    }
    for button in screen.buttons { ids += [V.control("<button>")] + V.text(button) }
    return ids + V.text(screen.problem) + [V.control("</screen>")]
  }

  package static func behind(_ ticket: TicketText, _ proposal: Proposal) -> [Int32] {
    let words =
      proposal.effect.map(words(of:))
      ?? (proposal.action == "type" ? [proposal.text] : proposal.target.contains("@") ? [proposal.target] : [])
    return line(ticket, about: words) + action(proposal) + end
  }

  /// The first ids of the action that is likely on a screen: all of them where a form is filled, which is sent next;
  /// the line that it is about where a field waits for what is typed.
  static func expected(_ ticket: TicketText, _ screen: WatchedScreen) -> [Int32] {
    let values = Dictionary(screen.fields.map { ($0.label, $0.text) }) { first, _ in first }
    let effect = Proposal.Effect(name: screen.title, values: values.filter { !$0.value.isEmpty })
    if !values.isEmpty, effect.values.count == values.count {
      return line(ticket, about: words(of: effect)) + sending(effect) + end
    }
    return screen.fields.contains { $0.isFocused && $0.text.isEmpty } ? line(ticket, about: words(of: effect)) : []
  }

  private static let end = [V.control("<end>"), V.control("<assistant>")]

  private static func words(of effect: Proposal.Effect) -> [String] {
    effect.values.sorted { $0.key < $1.key }.map(\.value)
  }

  private static func line(_ ticket: TicketText, about words: [String]) -> [Int32] {
    ticket.line(about: words).map { [V.control("<line>")] + V.text($0) } ?? []
  }

  static func sending(_ effect: Proposal.Effect) -> [Int32] {
    effect.values.sorted { $0.key < $1.key }.reduce([V.control("<send>")] + V.text(effect.name)) {
      $0 + [V.control("<value>")] + V.text($1.key) + [V.control("<value>")] + V.text($1.value)
    }
  }

  private static func action(_ proposal: Proposal) -> [Int32] {
    if let effect = proposal.effect { return sending(effect) }
    let kinds = ["click", "type", "key", "drag", "scroll"]
    let kind = V.control(kinds.contains(proposal.action) ? "<\(proposal.action)>" : "<click>")
    return [kind] + V.text(proposal.text) + [V.control("<value>")] + V.text(proposal.target)
  }
}
