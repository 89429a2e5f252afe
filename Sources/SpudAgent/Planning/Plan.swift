internal import SpudErrors
internal import SpudSupport

/// A ticket taken apart: what shall hold, by subject, in the order in which it is brought about.
package struct Plan: Sendable {
  package private(set) var facts: [Fact] = []
  /// The highest badge that the ticket's signer may grant.
  package private(set) var badgeLimit = 4
  /// How much of an item may be ordered where none is left.
  package private(set) var orderQuantity: Int?

  /// - Throws: `badData` for a line that is no part of a ticket.
  package init(ticket: String) throws {
    var family = ""
    for line in ticket.lines.map(String.init) where !line.isEmpty {
      if line.hasPrefix("- ") {
        facts += try Self.facts(family, String(line.dropFirst(2)), ordering: orderQuantity)
      } else if let word = line.split(separator: " ").first, family.isEmpty {
        family = String(word)
        if let limit = line.split(separator: "up to ").last?.prefix(while: \.isNumber), let limit = Int(limit) {
          badgeLimit = limit
        }
      } else if line.hasPrefix("If an item is out of stock, order ") {
        orderQuantity = Int(line.dropFirst("If an item is out of stock, order ".count).prefix(while: \.isNumber))
      }
    }
    guard !facts.isEmpty else { throw SpudError(.badData, "the ticket orders nothing") }
  }

  private static func facts(_ family: String, _ line: String, ordering: Int?) throws -> [Fact] {
    let made =
      switch family {
      case "Onboard": onboard(line, ordering: ordering)
      case "Offboard": offboard(line)
      case "Correct": correct(line)
      case "Reconcile": reconcile(line)
      default: [Fact]?.none
      }
    guard let made else { throw SpudError(.badData, "the ticket's line '\(line)' is none that is known") }
    return made
  }

  private static func onboard(_ line: String, ordering: Int?) -> [Fact]? {
    let parts = line.split(separator: ", ").map(String.init)
    guard parts.count == 7, let team = rest(parts[2], "team "), let start = rest(parts[3], "start "),
      let item = rest(parts[4], "hardware "), let badge = rest(parts[5], "badge "), let list = rest(parts[6], "list ")
    else { return nil }
    let (name, email) = (parts[0], parts[1])
    var order: [Fact.Detour] = []
    if let ordering {
      order = [
        Fact.Detour(
          blocker: "None in stock", first: Fact.Filling("Order stock", ["Item": item, "Quantity": "\(ordering)"]))
      ]
    }
    let second = email.split(separator: "@").joined(separator: "2@")
    return [
      Fact(
        subject: email, place: .person(email), lines: ["Name \(name)", "Team \(team)", "Start \(start)", "Active"],
        form: Fact.Filling("Add a person", ["Name": name, "Email": email, "Team": team, "Start": start]),
        order: .first, detours: [Fact.Detour(blocker: "Email is taken", subject: second)]),
      Fact(
        subject: email, place: .person(email), lines: ["Hardware \(item)"],
        form: Fact.Filling("Give hardware", ["Email": email, "Item": item]), detours: order),
      Fact(
        subject: email, place: .person(email), lines: ["Badge \(badge)"],
        form: Fact.Filling("Set a badge", ["Email": email, "Level": badge])),
      Fact(
        subject: email, place: .person(email), lines: ["List \(list)"],
        form: Fact.Filling("Join a mail list", ["Email": email, "List": list])),
    ]
  }

  private static func offboard(_ line: String) -> [Fact]? {
    let parts = line.split(separator: ": ", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    let email = parts[0]
    return parts[1].split(separator: ", ").map(String.init).compactMap { step in
      var fact = Fact(
        subject: email, place: .person(email), lines: [], areThere: false,
        form: Fact.Filling("Deactivate a person", ["Email": email]))
      if let item = rest(step, "return ") {
        (fact.lines, fact.form) = (
          ["Hardware \(item)"], Fact.Filling("Return hardware", ["Email": email, "Item": item])
        )
      } else if step == "withdraw badge" {
        (fact.lines, fact.areThere) = (["No badge"], true)
        fact.form.form = "Withdraw a badge"
      } else if let list = rest(step, "leave ") {
        (fact.lines, fact.form) = (["List \(list)"], Fact.Filling("Leave a mail list", ["Email": email, "List": list]))
      } else {
        (fact.lines, fact.areThere, fact.order) = (["Left"], true, .last)
      }
      return fact
    }
  }

  private static func correct(_ line: String) -> [Fact]? {
    let parts = line.split(separator: ": ", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    let values = parts[1].split(separator: ", ").map(String.init)
    guard values.count == 2, let team = rest(values[0], "team "), let start = rest(values[1], "start ") else {
      return nil
    }
    return [
      Fact(
        subject: parts[0], place: .person(parts[0]), lines: ["Team \(team)", "Start \(start)"],
        form: Fact.Filling("Edit a person", ["Email": parts[0], "Team": team, "Start": start]))
    ]
  }

  private static func reconcile(_ line: String) -> [Fact]? {
    let parts = line.split(separator: ": ").map(String.init)
    guard parts.count == 2, Int(parts[1]) != nil else { return nil }
    return [
      Fact(
        subject: parts[0], place: .stock, lines: ["\(parts[0]): \(parts[1])"],
        form: Fact.Filling("Count stock", ["Item": parts[0], "Quantity": parts[1]]))
    ]
  }

  private static func rest(_ text: String, _ prefix: String) -> String? {
    text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil
  }
}
