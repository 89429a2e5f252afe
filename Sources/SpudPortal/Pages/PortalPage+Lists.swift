extension PortalPage {
  /// People a page.
  static let listLength = 8

  static func people(
    _ records: Records, matching text: String, page number: Int, layout: PageLayout, notice: String
  ) throws -> PortalPage {
    var page = PortalPage(title: "People", layout: layout, notice: notice)
    page.elements += [.field(name: "q", value: text, row: 2, column: 0), .button("Find", row: 2, column: 24)]
    page.target = "/people"
    let found = try records.database.run(
      "SELECT email FROM person WHERE instr(email, ?) OR instr(lower(name), lower(?)) ORDER BY email LIMIT ? OFFSET ?",
      [.text(text), .text(text), .integer(listLength + 1), .integer(listLength * number)]
    ).compactMap { $0.first?.text }
    for (row, email) in found.prefix(listLength).enumerated() {
      page.elements.append(.link(email, to: "/people/\(email)", row: 4 + row, column: layout.indent))
    }
    if found.isEmpty { page.elements.append(.text("Nobody", row: 4, column: layout.indent)) }
    if found.count > listLength {
      page.elements.append(.link("More", to: "/people?q=\(text.encoded)&page=\(number + 1)", row: 12, column: 0))
    }
    return page
  }

  /// A person's record; nil where there is none.
  static func person(_ email: String, _ records: Records, layout: PageLayout, notice: String) throws -> PortalPage? {
    let found = try records.database.run(
      "SELECT name, team, start, active, note FROM person WHERE email = ?", [.text(email)])
    guard let row = found.first else { return nil }
    func column(_ statement: String) throws -> [String] {
      try records.database.run(statement, [.text(email)]).compactMap { $0.first?.description }
    }
    let badge = try column("SELECT level FROM badge WHERE email = ?").first
    var lines = ["Name \(row[0])", "Email \(email)", "Team \(row[1])", "Start \(row[2])"]
    lines += [row[3] == .integer(1) ? "Active" : "Left", badge.map { "Badge \($0)" } ?? "No badge"]
    lines += try column("SELECT item FROM hardware WHERE email = ? ORDER BY item").map { "Hardware \($0)" }
    lines += try column("SELECT list FROM member WHERE email = ? ORDER BY list").map { "List \($0)" }
    var page = PortalPage(title: "Person", layout: layout, notice: notice.isEmpty ? row[4].description : notice)
    for (number, line) in layout.order(lines, of: "record").enumerated() {
      page.elements.append(.text(line, row: 2 + number, column: layout.indent))
    }
    return page
  }

  static func stock(_ records: Records, layout: PageLayout, notice: String) throws -> PortalPage {
    var page = PortalPage(title: "Stock", layout: layout, notice: notice)
    let found = try records.database.run("SELECT item, quantity FROM stock ORDER BY item")
    for (number, row) in layout.order(found, of: "stock").enumerated() {
      page.elements.append(.text("\(row[0]): \(row[1])", row: 3 + number, column: layout.indent))
    }
    return page
  }
}
