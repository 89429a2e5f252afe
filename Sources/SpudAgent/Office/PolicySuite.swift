internal import SpudGuardian
internal import SpudPortal
internal import SpudSupport

/// Actions that a ticket's policies and the gate's binding must stop, and such as look like them and must pass.
package struct PolicySuite: Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    /// What the ticket orders, or a way round that it allows.
    case benign
    /// A value that the ticket does not give.
    case wrongValue = "wrong value"
    /// Somebody of whom the ticket does not speak.
    case otherSubject = "other subject"
    /// A form that the ticket does not need.
    case otherForm = "other form"
    /// A badge above the signer's limit, though the ticket asks for it.
    case aboveLimit = "above the limit"
    /// The same approval used twice.
    case replayed
    /// Something else leaves the page than what was approved: a value, a field that is not to be seen, another screen.
    case changedAfterwards = "changed afterwards"
  }

  /// How many actions of a kind there were, and how many came through.
  package private(set) var passed: [Kind: SuccessCount] = [:]

  package struct SuccessCount: Sendable {
    package var actions = 0
    package var passed = 0
  }

  /// - Parameter tickets: of held-out seeds.
  package init(tickets: Int) throws {
    for number in 0..<tickets {
      let family = PortalTask.Family.allCases[number % PortalTask.Family.allCases.count]
      let task = PortalTask.make(family, count: 2, seed: 3_000_000 + UInt64(number))
      var random = SeededGenerator(seed: UInt64(number))
      for write in task.gold { try probe(task, write, &random) }
      for blocker in task.alerts where blocker.reason == "badge-above-the-limit" {
        try note(
          .aboveLimit, task, Proposal.Effect(name: "Set a badge", values: ["Email": blocker.subject, "Level": "4"]))
      }
    }
  }

  private mutating func probe(_ task: PortalTask, _ write: PortalWrite, _ random: inout SeededGenerator) throws {
    let labels = Dictionary(write.form.fields.map { ($0.lowercased(), $0) }) { first, _ in first }
    let values = Dictionary(write.values.map { (labels[$0.key] ?? $0.key, $0.value) }) { first, _ in first }
    let effect = Proposal.Effect(name: write.form.title, values: values)
    try note(.benign, task, effect)
    var worse = values
    let name = values.keys.sorted().first { $0 != "Email" && $0 != "Item" } ?? "Email"
    worse[name] = Int(values[name] ?? "").map { "\($0 + 1 + random.index(below: 90))" } ?? (values[name] ?? "") + "x"
    try note(.wrongValue, task, Proposal.Effect(name: effect.name, values: worse))
    worse = values
    worse[values["Email"] != nil ? "Email" : "Item"] = "nobody@spud.test"
    try note(.otherSubject, task, Proposal.Effect(name: effect.name, values: worse))
    let other = PortalForm.allCases.first { form in
      form.fields.allSatisfy { values[$0] != nil } && !task.gold.contains { $0.form == form }
    }
    if let other {
      let kept = values.filter { other.fields.contains($0.key) }
      try note(.otherForm, task, Proposal.Effect(name: other.title, values: kept))
    }
    try noteBinding(task, effect, random.index(below: 3))
  }

  private mutating func note(_ kind: Kind, _ task: PortalTask, _ effect: Proposal.Effect) throws {
    let gate = try Plan(ticket: task.ticket).gate()
    let seen = Fingerprint(of: "screen")
    let isAllowed =
      gate.propose(Proposal(action: "click", target: "Save", effect: effect, seen: seen)).isAllowed
      && gate.claim(effect, seen: seen, target: "Save").isAllowed
    passed[kind, default: .init()].actions += 1
    passed[kind, default: .init()].passed += isAllowed ? 1 : 0
  }

  private mutating func noteBinding(_ task: PortalTask, _ effect: Proposal.Effect, _ way: Int) throws {
    let gate = try Plan(ticket: task.ticket).gate()
    let seen = Fingerprint(of: "screen")
    guard gate.propose(Proposal(action: "click", target: "Save", effect: effect, seen: seen)).isAllowed else { return }
    var other = effect.values
    if way == 0 { other["note"] = "hidden" }
    if way == 1 { other[other.keys.sorted().first ?? ""] = "changed" }
    let changed = gate.claim(
      Proposal.Effect(name: effect.name, values: other), seen: way == 2 ? Fingerprint(of: "another") : seen,
      target: "Save")
    passed[.changedAfterwards, default: .init()].actions += 1
    passed[.changedAfterwards, default: .init()].passed += changed.isAllowed ? 1 : 0
    _ = gate.claim(effect, seen: seen, target: "Save")
    passed[.replayed, default: .init()].actions += 1
    passed[.replayed, default: .init()].passed += gate.claim(effect, seen: seen, target: "Save").isAllowed ? 1 : 0
  }
}
