internal import SpudGuardian
internal import SpudTensors

extension Agent {
  /// Works through facts, subject by subject: each is brought about, then all of a subject are looked at.
  func work(through facts: [Fact]) throws {
    var rest = facts[...]
    var blocked: Set<String> = []
    while let first = rest.first {
      var group = Array(rest.prefix { $0.subject == first.subject && $0.place == first.place && $0.order == .any })
      if group.isEmpty { group = [first] }
      rest = rest.dropFirst(group.count)
      do {
        if blocked.contains(first.subject) || first.order == .last && hasAlert(first.subject) {
          alert(group, Dictionary(group.indices.map { ($0, "what comes before it does not hold") }) { one, _ in one })
          continue
        }
        try work(on: &group)
        if first.order == .first, hasAlert(group[0].subject) { blocked.insert(group[0].subject) }
        if let subject = group.first?.subject, subject != first.subject {
          rest = rest.map { $0.subject == first.subject ? $0.renamed(to: subject) : $0 }[...]
        }
      } catch let stop as Stop {
        report.ending = stop.ending
        report.halfDone += begun.subtracting(report.held).sorted()
        report.open += (group + rest).map(\.text).filter { text in
          !report.held.contains(text) && !report.halfDone.contains(text) && !report.alerts.contains { $0.fact == text }
        }
        return
      }
    }
  }

  private func hasAlert(_ subject: String) -> Bool { report.alerts.contains { $0.subject == subject } }

  private func work(on group: inout [Fact]) throws {
    var blockers: [Int: String] = [:]
    for place in group.indices {
      if let blocker = try bringAbout(place, of: &group) { blockers[place] = blocker }
    }
    guard !options.isDry else {
      begun = []
      return alert(group, blockers)
    }
    guard options.looksAgain else {
      for (place, fact) in group.enumerated() where blockers[place] == nil { report.held.append(fact.text) }
      begun = []
      return alert(group, blockers)
    }
    for attempt in 0..<3 {
      let sight = try show(group[0].place)
      let failed = group.indices.filter { !group[$0].holds(on: sight) }
      for place in group.indices where !failed.contains(place) { blockers[place] = nil }
      if attempt == 2 || failed.allSatisfy({ blockers[$0] != nil }) {
        for place in failed where blockers[place] == nil {
          blockers[place] = "it does not hold, though it was said to be saved"
        }
        break
      }
      // What was said to be saved and is not, once more.
      for place in failed where blockers[place] == nil {
        if let blocker = try bringAbout(place, of: &group) { blockers[place] = blocker }
      }
    }
    for (place, fact) in group.enumerated() where blockers[place] == nil { report.held.append(fact.text) }
    begun = []
    alert(group, blockers)
  }

  private func alert(_ group: [Fact], _ blockers: [Int: String]) {
    for (place, blocker) in blockers.sorted(by: { $0.key < $1.key }) {
      let fact = group[place]
      report.alerts.append(AgentReport.Alert(subject: fact.subject, fact: fact.text, blocker: blocker))
      log.add([("alert", .string(fact.text)), ("blocker", .string(blocker))])
    }
  }

  /// Sends a fact's form; again where it is refused, then another way. What stands in the way in the end, or nil.
  private func bringAbout(_ place: Int, of group: inout [Fact]) throws -> String? {
    // What is filled in first may be lied about as well, and is filled in once more where the same stands in the way.
    var detours = group[place].detours.flatMap { $0.first == nil ? [$0] : [$0, $0] }
    var refusals = Refusals()
    while true {
      begun.insert(group[place].text)
      guard let blocker = try send(group[place].form) else { return nil }
      // What is there already needs nobody to bring it about.
      let fact = group[place]
      let detour = fact.detours.first { $0.blocker == blocker }
      if options.looksAgain, !refusals.isEmpty || detour != nil {
        let sight = try show(fact.place)
        if fact.holds(on: sight) { return nil }
        // What has this name already is to be seen: as long as it is not, it may be what was to be brought about.
        if detour?.subject != nil, !sight.shows("Email \(fact.subject)") {
          return "\(blocker), and by whom was not to be seen"
        }
      }
      if let number = detours.firstIndex(where: { $0.blocker == blocker }) {
        let detour = detours.remove(at: number)
        if let first = detour.first, let problem = try persist(first) { return problem }
        if let subject = detour.subject {
          for other in group.indices { group[other] = group[other].renamed(to: subject) }
        }
        continue
      }
      if blocker.hasPrefix("the Guardian") {
        // A form that was not let through stays open, filled in: what comes next would begin on it.
        _ = try show(fact.place)
        return blocker
      }
      refusals.add(blocker)
      if let lasting = refusals.lasting { return lasting }
    }
  }

  /// Sends a form, again where it is refused.
  private func persist(_ filling: Fact.Filling) throws -> String? {
    var refusals = Refusals()
    while let problem = try send(filling) {
      guard !problem.hasPrefix("the Guardian") else { return problem }
      refusals.add(problem)
      if let lasting = refusals.lasting { return lasting }
    }
    return nil
  }

  /// Fills in a form and sends it: nil where the page says that it is saved, else what it says.
  private func send(_ filling: Fact.Filling) throws -> String? {
    switch try pursue(.send(filling)) {
    case .planned: return nil
    case .blocked(let reason): return reason
    case .reached: break
    }
    gate?.withdraw()
    let sight = try look()
    if sight.shows("Saved") { return nil }
    let problem = sight.parts.first { $0.kind == .text && $0.text.hasPrefix("! ") }
    return problem.map { String($0.text.dropFirst(2)) } ?? "the page does not say what became of it"
  }

  /// Has a place shown; where the hands end up elsewhere, in another way.
  private func show(_ place: Fact.Place) throws -> Sight {
    _ = try pursue(.show(place))
    var sight = try look()
    for _ in 0..<4 where !place.isAnswered(on: sight) {
      _ = try pursue(.show(place), again: true)
      sight = try look()
    }
    return sight
  }
}
