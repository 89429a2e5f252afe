internal import SpudGuardian
package import SpudPortal
internal import SpudSupport

/// What the Guardian's model learns from: what agents did in the portal, and the same made wrong in four ways.
///
/// Forms that a ticket does not need and badges above its signer's limit are no part of it: they are what the model is
/// tested on.
package struct GuardianExamples {
  /// How many ids there are.
  package static let idCount = GuardianVocabulary.count
  /// The last id of each is the verdict's.
  package private(set) var examples: [OfficeExample] = []
  private var random: SeededGenerator
  private let names: [String]

  /// - Parameter seed: of the choices.
  package init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    // People who are on no ticket.
    var others = SeededGenerator(seed: seed ^ 0x5EED)
    names = (0..<400).map { _ in
      let task = PortalTask.make(.correct, count: 1, seed: 9_000_000 + others.next() % 1_000_000)
      return task.gold.first?.values["email"] ?? ""
    }
  }

  /// Adds what a task gives.
  /// - Throws: what the work throws.
  package mutating func add(_ task: PortalTask) throws {
    let recorder = RecordingOverseer()
    var setting = Workday.Setting()
    setting.overseer = { _ in recorder }
    _ = try Workday(task, hands: ScriptedHands(), sandbox: nil, setting: setting)
    let limit = try Plan(ticket: task.ticket).badgeLimit
    let ticket = TicketText(task.ticket)
    for question in recorder.questions {
      if let level = question.proposal.effect?.values["Level"].flatMap({ Int($0) }), level > limit { continue }
      let chance = question.proposal.effect != nil ? 4 : question.proposal.action == "type" ? 2 : 1
      guard random.index(below: 4) < chance else { continue }
      add(question, .allow, ticket)
      for _ in 0..<(chance == 4 ? 2 : 1) {
        if let (wrong, verdict) = wrong(question, ticket) { add(wrong, verdict, ticket) }
      }
    }
  }

  private mutating func add(_ question: RecordingOverseer.Question, _ verdict: Opinion, _ ticket: TicketText) {
    let before = GuardianStream.before(ticket, last: question.last, screen: question.screen)
    let behind = GuardianStream.behind(ticket, question.proposal)
    guard before.count <= GuardianStream.longest, behind.count <= GuardianStream.longest,
      let place = GuardianStream.verdicts.firstIndex(of: verdict)
    else { return }
    let ids = before + behind + [GuardianStream.verdictIDs[place]]
    examples.append(OfficeExample(ids: ids, answers: [ids.count - 1]))
  }

  /// The same made wrong; nil where that cannot be.
  private mutating func wrong(
    _ question: RecordingOverseer.Question, _ ticket: TicketText
  ) -> (RecordingOverseer.Question, Opinion)? {
    var made = question
    guard let effect = question.proposal.effect else {
      let all = (ticket.rules + ticket.lines).joined(separator: "\n")
      guard question.proposal.action == "type", let (text, verdict) = other(question.proposal.text, than: all) else {
        return nil
      }
      made.proposal = question.proposal.with(text: text)
      return (made, verdict)
    }
    let labels = effect.values.keys.sorted()
    let line = ticket.line(about: labels.compactMap { effect.values[$0] }) ?? ""
    guard let label = labels.isEmpty ? nil : labels[random.index(below: labels.count)] else { return nil }
    switch random.index(below: 8) {
    case 0:
      // The same once more, with nothing that speaks for it.
      guard question.last?.effect != effect else { return nil }
      made.last = question.proposal
      made.screen.problem = ""
      return (made, .veto)
    case 1:
      // A field that is not to be seen.
      var values = effect.values
      values[["Note", "Role", "Level", "note", "admin"][random.index(below: 5)]] = "\(random.index(below: 9))"
      guard values.count > effect.values.count else { return nil }
      made.proposal = question.proposal.with(effect: .init(name: effect.name, values: values))
      return (made, .veto)
    case 2, 3:
      // Something else than what is to be seen.
      guard let (value, _) = other(effect.values[label] ?? "", than: line) else { return nil }
      made.proposal = question.proposal.with(
        effect: .init(name: effect.name, values: effect.values.merging([label: value]) { $1 }))
      return (made, .veto)
    default:
      // What is to be seen is not what the ticket has.
      guard let (value, verdict) = other(effect.values[label] ?? "", than: line) else { return nil }
      made.proposal = question.proposal.with(
        effect: .init(name: effect.name, values: effect.values.merging([label: value]) { $1 }))
      for place in made.screen.fields.indices where made.screen.fields[place].label == label {
        made.screen.fields[place].text = value
      }
      return (made, verdict)
    }
  }

  /// Another value of the same kind, which a text has nowhere; a slip of one letter is to be asked about.
  private mutating func other(_ value: String, than text: String) -> (String, Opinion)? {
    guard !value.isEmpty else { return nil }
    let kinds = [Records.teams, Records.items, Records.lists]
    let made: String
    var verdict = Opinion.veto
    if let number = Int(value) {
      made = "\(max(0, number + (random.index(below: 2) == 0 ? 1 + random.index(below: 90) : -1)))"
    } else if let kind = kinds.first(where: { $0.contains(value) }), random.index(below: 4) > 0 {
      made = kind[random.index(below: kind.count)]
    } else if random.index(below: 3) == 0 {
      var letters = Array(value)
      let place = random.index(below: letters.count)
      let letter = "abcdefghijklmnopqrstuvwxyz0123456789"
      letters[place] = Array(letter)[random.index(below: letter.count)]
      if random.index(below: 3) == 0 { letters.append("x") }
      made = String(letters)
      verdict = .ask
    } else if value.contains("@") {
      made = names[random.index(below: names.count)]
    } else if value.hasPrefix("20") {
      made = "202\(6 + random.index(below: 3))-0\(1 + random.index(below: 9))-\(10 + random.index(below: 19))"
    } else {
      made = String(value.reversed())
    }
    guard made != value, !(made.count > 2 && text.contains(made)) else { return nil }
    return (made, verdict)
  }
}

extension Proposal {
  fileprivate func with(text: String) -> Proposal {
    Proposal(action: action, target: target, text: text, effect: effect, seen: seen, place: place)
  }

  fileprivate func with(effect: Effect) -> Proposal {
    Proposal(action: action, target: target, text: text, effect: effect, seen: seen, place: place)
  }
}
