extension Records {
  package static let teams = ["Audio", "Vision", "Kernels", "Sales", "Legal", "Data"]
  package static let items = ["Laptop-14", "Laptop-16", "Phone", "Headset", "Monitor", "Dock"]
  package static let lists = ["all", "audio", "vision", "kernels", "sales", "legal", "data"]

  /// Does what a form asks.
  ///
  /// - Parameter values: by the fields' names in lower case.
  /// - Throws: `Refusal`, with nothing changed.
  package func apply(_ form: PortalForm, _ values: [String: String]) throws {
    func value(_ name: String) throws -> String {
      guard let value = values[name]?.trimmed, !value.isEmpty else {
        throw Refusal(line: "\(name.prefix(1).uppercased() + name.dropFirst()) is missing")
      }
      return value
    }
    switch form {
    case .addPerson: try add(try value("name"), try value("email"), try value("team"), try value("start"))
    case .editPerson:
      let (team, start) = (try Self.team(try value("team")), try Self.date(try value("start")))
      try change(
        "UPDATE person SET team = ?, start = ? WHERE email = ?", [.text(team), .text(start)], try value("email"))
    case .deactivate: try change("UPDATE person SET active = 0 WHERE email = ?", [], try value("email"))
    case .giveHardware: try give(try value("item"), to: try value("email"))
    case .returnHardware: try takeBack(try value("item"), from: try value("email"))
    case .setBadge:
      guard let level = Int(try value("level")), (1...4).contains(level) else { throw Refusal(line: "Level is 1 to 4") }
      let email = try known(try value("email"))
      try database.run("INSERT OR REPLACE INTO badge VALUES (?, ?)", [.text(email), .integer(level)])
    case .withdrawBadge:
      let email = try known(try value("email"))
      guard try exists("SELECT 1 FROM badge WHERE email = ?", .text(email)) else { throw Refusal(line: "Has no badge") }
      try database.run("DELETE FROM badge WHERE email = ?", [.text(email)])
    case .joinList:
      let (email, list) = (try known(try value("email")), try Self.list(try value("list")))
      guard try !isMember(email, list) else { throw Refusal(line: "Is on it already") }
      try database.run("INSERT INTO member VALUES (?, ?)", [.text(email), .text(list)])
    case .leaveList:
      let (email, list) = (try known(try value("email")), try Self.list(try value("list")))
      guard try isMember(email, list) else { throw Refusal(line: "Is not on it") }
      try database.run("DELETE FROM member WHERE email = ? AND list = ?", [.text(email), .text(list)])
    case .orderStock:
      let (item, quantity) = (try Self.item(try value("item")), try Self.quantity(try value("quantity"), from: 1))
      try database.run("INSERT INTO purchase (item, quantity) VALUES (?, ?)", [.text(item), .integer(quantity)])
      try database.run("UPDATE stock SET quantity = quantity + ? WHERE item = ?", [.integer(quantity), .text(item)])
    case .countStock:
      let (item, quantity) = (try Self.item(try value("item")), try Self.quantity(try value("quantity"), from: 0))
      try database.run("UPDATE stock SET quantity = ? WHERE item = ?", [.integer(quantity), .text(item)])
    }
  }

  private func add(_ name: String, _ email: String, _ team: String, _ start: String) throws {
    guard email.hasSuffix("@spud.test"), email.count <= 22 else { throw Refusal(line: "Email is not one of ours") }
    guard name.count <= 22 else { throw Refusal(line: "Name is too long") }
    guard try !exists("SELECT 1 FROM person WHERE email = ?", .text(email)) else {
      throw Refusal(line: "Email is taken")
    }
    try database.run(
      "INSERT INTO person VALUES (?, ?, ?, ?, 1, '')",
      [.text(email), .text(name), .text(try Self.team(team)), .text(try Self.date(start))])
  }

  private func give(_ item: String, to email: String) throws {
    let (item, email) = (try Self.item(item), try known(email))
    guard try !has(email, item) else { throw Refusal(line: "Has it already") }
    guard try exists("SELECT 1 FROM stock WHERE item = ? AND quantity > 0", .text(item)) else {
      throw Refusal(line: "None in stock")
    }
    try database.run("UPDATE stock SET quantity = quantity - 1 WHERE item = ?", [.text(item)])
    try database.run("INSERT INTO hardware VALUES (?, ?)", [.text(email), .text(item)])
  }

  private func takeBack(_ item: String, from email: String) throws {
    let (item, email) = (try Self.item(item), try known(email))
    guard try has(email, item) else { throw Refusal(line: "Has none") }
    try database.run("DELETE FROM hardware WHERE email = ? AND item = ?", [.text(email), .text(item)])
    try database.run("UPDATE stock SET quantity = quantity + 1 WHERE item = ?", [.text(item)])
  }

  private func change(_ statement: String, _ values: [Database.Value], _ email: String) throws {
    let email = try known(email)
    try database.run(statement, values + [.text(email)])
  }

  private func known(_ email: String) throws -> String {
    guard try exists("SELECT 1 FROM person WHERE email = ? AND active = 1", .text(email)) else {
      throw Refusal(line: "No such person")
    }
    return email
  }

  private func has(_ email: String, _ item: String) throws -> Bool {
    try exists("SELECT 1 FROM hardware WHERE email = ? AND item = ?", .text(email), .text(item))
  }

  private func isMember(_ email: String, _ list: String) throws -> Bool {
    try exists("SELECT 1 FROM member WHERE email = ? AND list = ?", .text(email), .text(list))
  }

  private static func team(_ name: String) throws -> String { try one(of: teams, name, "Team") }
  private static func item(_ name: String) throws -> String { try one(of: items, name, "Item") }
  private static func list(_ name: String) throws -> String { try one(of: lists, name, "List") }

  private static func one(of names: [String], _ name: String, _ what: String) throws -> String {
    guard names.contains(name) else { throw Refusal(line: "\(what) is unknown") }
    return name
  }

  private static func quantity(_ text: String, from least: Int) throws -> Int {
    guard let value = Int(text), (least...999).contains(value) else {
      throw Refusal(line: "Quantity is \(least) to 999")
    }
    return value
  }

  private static func date(_ text: String) throws -> String {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.count) == [4, 2, 2], let month = Int(parts[1]), let day = Int(parts[2]), Int(parts[0]) != nil,
      (1...12).contains(month), (1...31).contains(day)
    else { throw Refusal(line: "Start is no date") }
    return text
  }
}

extension String {
  /// Without spaces at either end.
  var trimmed: String {
    guard let first = firstIndex(where: { $0 != " " }), let last = lastIndex(where: { $0 != " " }) else { return "" }
    return String(self[first...last])
  }
}
