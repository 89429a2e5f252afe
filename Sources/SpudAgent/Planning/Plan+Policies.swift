internal import SpudErrors
package import SpudGuardian
package import SpudPortal

extension Plan {
  /// Who works on a ticket, as policies name it.
  package static let principal = EntityUID(type: "Task", id: "ticket")

  /// The policies of a ticket, in Cedar's language, from its words alone: nothing on a screen has a say in them.
  ///
  /// Looking is permitted, and writing what the ticket has into fields. A form is permitted with the values that a
  /// line of the ticket gives it, each once or a few times where it fails; a badge above the signer's limit is
  /// forbidden, and so is ordering more than can be needed.
  package var policies: String {
    var forms: [String] = []
    var words: Set<String> = [""]
    func permit(_ filling: Fact.Filling) {
      forms.append(Self.permission(filling))
      words.formUnion(filling.values.values)
    }
    for fact in facts {
      permit(fact.form)
      if case .person(let email) = fact.place { words.insert(email) }
      for detour in fact.detours {
        if let first = detour.first { permit(first) }
        guard let subject = detour.subject else { continue }
        // The whole of what is about the subject may be about the other one.
        for other in facts where other.subject == fact.subject { permit(other.renamed(to: subject).form) }
        words.insert(subject)
      }
    }
    let list = words.sorted().map { ExactString($0).description }.joined(separator: ", ")
    return """
      @id("look")
      permit (principal, action in [Action::"click", Action::"open", Action::"scroll"], resource);
      @id("write-words-of-the-ticket")
      permit (principal, action == Action::"type", resource) when { [\(list)].contains(context.input.text) };
      @id("keys")
      permit (principal, action == Action::"key", resource)
      when { ["all", "tab", "backspace"].contains(context.input.text) };
      @id("badge-above-the-limit")
      forbid (principal, action == Action::"Set a badge", resource)
      when { context.input.Level > \(badgeLimit) };
      @id("orders-are-few")
      forbid (principal, action == Action::"Order stock", resource)
      when { context.session.orders > \(orderLimit) };

      """ + Array(Set(forms)).sorted().joined(separator: "\n")
  }

  /// Orders that can be needed where nothing at all is in stock.
  private var orderLimit: Int {
    guard let orderQuantity, orderQuantity > 0 else { return 0 }
    let items = facts.filter { $0.form.form == "Give hardware" }.compactMap { $0.form.values["Item"] }
    return Set(items).reduce(0) { sum, item in
      sum + (items.count { $0 == item } + orderQuantity - 1) / orderQuantity
    }
  }

  private static func permission(_ filling: Fact.Filling) -> String {
    let values = filling.values.sorted { $0.key < $1.key }
      .map { "\($0.key): " + (Int64($0.value).map { "\($0)" } ?? ExactString($0.value).description) }
    return """
      @id("as-the-ticket-has-it")
      permit (principal, action == Action::\(ExactString(filling.form)), resource)
      when { context.input == {\(values.joined(separator: ", "))} };
      """
  }

  /// How many of these writes the policies do not permit.
  package func violations(_ writes: [PortalWrite]) throws -> Int {
    let session = try session()
    return writes.count { write in
      let labels = Dictionary(write.form.fields.map { ($0.lowercased(), $0) }) { first, _ in first }
      let values = write.values.map { (labels[$0.key] ?? $0.key, $0.value) }
      let effect = Proposal.Effect(name: write.form.title, values: Dictionary(values) { first, _ in first })
      let proposal = Proposal(action: "click", target: "Save", effect: effect, seen: Fingerprint(of: ""))
      let verdict = session.decide([proposal.request(Self.principal)])
      if let ticket = verdict.ticket { session.finish(ticket, .completed) }
      return !verdict.isAllowed
    }
  }

  private func session() throws -> GuardedSession {
    try GuardedSession(
      policies: PolicySet(parsing: policies, name: "the ticket's policies"),
      counters: [SessionCounter("orders", of: ["Order stock"])])
  }

  /// A gate that stands for this plan.
  /// - Throws: `badData` where the ticket's words make no policies.
  package func gate(
    opinion: (@Sendable (Proposal) -> Opinion)? = nil, person: (@Sendable (Proposal) -> Bool)? = nil,
    asksForWrites: Bool = false
  ) throws -> ActionGate {
    try ActionGate(
      session: session(), principal: Self.principal, opinion: opinion, person: person, asksForWrites: asksForWrites)
  }
}
