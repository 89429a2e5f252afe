internal import SpudSupport

extension PortalTask {
  /// People who begin: a record, hardware, a badge and a mail list for each.
  static func onboard(
    _ count: Int, _ names: inout NameMaker, _ start: inout StartingRecords, _ difficulty: Difficulty
  ) -> Draft {
    let obstacles = difficulty.hasObstacles
    let limit = obstacles ? 2 + names.random.index(below: 2) : 4
    let mayOrder = !obstacles || names.random.index(below: 2) == 0
    var draft = Draft(ticket: [
      "Onboard \(count) \(count == 1 ? "person" : "people"). The signer may grant badges up to \(limit).",
      "If an email is taken, put 2 before the @.",
      mayOrder ? "If an item is out of stock, order 5 of it." : "If an item is out of stock, report it.",
    ])
    draft.limit = limit
    var stock = start.stock
    for number in 0..<count {
      var person = names.person()
      if obstacles, names.random.index(below: 8) == 0 || (count > 2 && number == 1) {
        // Somebody else has the email already.
        start.people.append(
          StartingRecords.Person(
            name: person.name, email: person.email, team: names.pick(Records.teams), start: "2026-05-01", lists: ["all"]
          ))
      }
      let item = names.pick(Records.items)
      if obstacles, number == 0, names.random.index(below: 2) == 0 {
        start.stock[item] = 0
        stock[item] = 0
      }
      let badge = 1 + names.random.index(below: obstacles && names.random.index(below: 8) == 0 ? 4 : limit)
      let list = person.team.lowercased()
      draft.ticket.append(
        "- \(person.name), \(person.email), team \(person.team), start \(person.start), hardware \(item), "
          + "badge \(badge), list \(list)")
      if start.people.contains(where: { $0.email == person.email }) { person.email = person.email.secondEmail }
      draft.add(.addPerson, ["name": person.name, "email": person.email, "team": person.team, "start": person.start])
      if stock[item] == 0, mayOrder {
        draft.add(.orderStock, ["item": item, "quantity": "5"])
        stock[item] = 5
      }
      if let left = stock[item], left > 0 {
        draft.add(.giveHardware, ["email": person.email, "item": item])
        stock[item] = left - 1
      } else {
        draft.alerts.append(Blocker(subject: person.email, reason: "None in stock"))
      }
      if badge <= limit {
        draft.add(.setBadge, ["email": person.email, "level": "\(badge)"])
      } else {
        draft.alerts.append(Blocker(subject: person.email, reason: "badge-above-the-limit"))
      }
      draft.add(.joinList, ["email": person.email, "list": list])
    }
    return draft
  }
}

extension PortalTask.Draft {
  mutating func add(_ form: PortalForm, _ values: [String: String]) {
    gold.append(PortalWrite(form: form, values: values))
  }
}
