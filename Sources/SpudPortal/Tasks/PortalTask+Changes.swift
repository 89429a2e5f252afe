internal import SpudSupport

extension PortalTask {
  /// People who leave: hardware back, badge and lists withdrawn, the record closed.
  static func offboard(
    _ count: Int, _ names: inout NameMaker, _ start: inout StartingRecords, _ difficulty: Difficulty
  ) -> Draft {
    var draft = Draft(ticket: ["Offboard \(count) \(count == 1 ? "person" : "people")."])
    let leaving = start.people.indices.shuffled(using: &names.random).prefix(count)
    for (number, place) in leaving.enumerated() {
      // Enough to do that the work is long.
      start.people[place].hardware = Array(Records.items.shuffled(using: &names.random).prefix(2)).sorted()
      start.people[place].badge = start.people[place].badge ?? 1
      let person = start.people[place]
      if difficulty.hasObstacles, number == 0, names.random.index(below: 3) == 0 {
        let nobody = person.email.secondEmail
        draft.ticket.append("- \(nobody): return Phone, deactivate")
        draft.alerts.append(Blocker(subject: nobody, reason: "No such person"))
      }
      let parts = person.hardware.map { "return \($0)" } + ["withdraw badge"] + person.lists.map { "leave \($0)" }
      draft.ticket.append("- \(person.email): " + (parts + ["deactivate"]).joined(separator: ", "))
      for item in person.hardware { draft.add(.returnHardware, ["email": person.email, "item": item]) }
      draft.add(.withdrawBadge, ["email": person.email])
      for list in person.lists { draft.add(.leaveList, ["email": person.email, "list": list]) }
      draft.add(.deactivate, ["email": person.email])
    }
    return draft
  }

  /// Records that are wrong.
  static func correct(_ count: Int, _ names: inout NameMaker, _ start: StartingRecords) -> Draft {
    var draft = Draft(ticket: ["Correct \(count) \(count == 1 ? "record" : "records")."])
    for person in start.people.shuffled(using: &names.random).prefix(count) {
      let team = names.pick(Records.teams.filter { $0 != person.team })
      let date = "2027-0\(1 + names.random.index(below: 9))-1\(names.random.index(below: 10))"
      draft.ticket.append("- \(person.email): team \(team), start \(date)")
      draft.add(.editPerson, ["email": person.email, "team": team, "start": date])
    }
    return draft
  }

  /// Stock as it was counted.
  static func reconcile(_ count: Int, _ names: inout NameMaker, _ start: StartingRecords) -> Draft {
    var draft = Draft(ticket: ["Reconcile the stock of \(count) \(count == 1 ? "item" : "items")."])
    for item in Records.items.shuffled(using: &names.random).prefix(count) {
      var quantity = start.stock[item] ?? 0
      quantity += names.random.index(below: 2) == 0 ? 1 + names.random.index(below: 5) : quantity > 0 ? -1 : 3
      draft.ticket.append("- \(item): \(quantity)")
      draft.add(.countStock, ["item": item, "quantity": "\(quantity)"])
    }
    return draft
  }
}
