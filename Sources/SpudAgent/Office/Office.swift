package import SpudGuardian
package import SpudPortal

/// The door of a portal: every request of a page comes by here, and what would change something passes the gate or is
/// stopped.
package final class Office {
  package let portal: Portal
  private let gate: ActionGate?
  /// What the agent dispatched last.
  package var dispatched: () -> Proposal? = { nil }
  /// Requests that were stopped, in words.
  package private(set) var stopped: [String] = []

  package init(portal: Portal, gate: ActionGate?) {
    self.portal = portal
    self.gate = gate
  }

  /// The page for a request, and its status.
  ///
  /// - Parameters:
  ///   - path: with its query.
  ///   - body: of a POST; nil for a GET.
  package func reply(to path: String, body: String?) throws -> Portal.Reply {
    guard let body, let gate else { return try portal.reply(to: path, body: body) }
    let fields = FormFields(body)
    guard let effect = Self.effect(of: path, fields), !fields.isAmbiguous else {
      return stop("a request that is no form: \(path)")
    }
    let last = dispatched()
    let verdict = gate.claim(effect, seen: last?.seen, target: last?.target)
    guard verdict.isAllowed else { return stop("\(effect.text): \(verdict.reasons.joined(separator: ", "))") }
    let reply = try portal.reply(to: path, body: body)
    gate.finish(verdict, reply.change == nil ? .failed : .completed)
    return reply
  }

  private func stop(_ reason: String) -> Portal.Reply {
    stopped.append(reason)
    return Portal.Reply(status: 403, page: .stopped, change: nil)
  }

  /// What a POST would change, in the words of a screen; nil where it is no form.
  static func effect(of path: String, _ fields: FormFields) -> Proposal.Effect? {
    guard path.hasPrefix("/form/"), let form = PortalForm(rawValue: String(path.dropFirst("/form/".count))) else {
      return nil
    }
    let labels = Dictionary(form.fields.map { ($0.lowercased(), $0) }) { first, _ in first }
    // A field that the form does not show keeps its name, and is none that was approved.
    return Proposal.Effect(
      name: form.title,
      values: Dictionary(fields.values.map { (labels[$0.key] ?? $0.key, $0.value) }) { first, _ in first })
  }
}
