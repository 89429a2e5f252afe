/// What the portal knows: people, hardware and its stock, badges, mail lists.
package struct Records {
  package let database: Database

  static let tables = """
    CREATE TABLE person (email TEXT PRIMARY KEY, name TEXT, team TEXT, start TEXT, active INTEGER, note TEXT);
    CREATE TABLE stock (item TEXT PRIMARY KEY, quantity INTEGER);
    CREATE TABLE hardware (email TEXT, item TEXT, PRIMARY KEY (email, item));
    CREATE TABLE badge (email TEXT PRIMARY KEY, level INTEGER);
    CREATE TABLE member (email TEXT, list TEXT, PRIMARY KEY (email, list));
    CREATE TABLE purchase (number INTEGER PRIMARY KEY, item TEXT, quantity INTEGER)
    """
  /// The tables, in the order of a difference.
  static let names = ["person", "stock", "hardware", "badge", "member", "purchase"]

  package init() throws {
    database = try Database()
    for statement in Self.tables.split(separator: ";") { try database.run(String(statement)) }
  }

  /// Every row of every table, as one line each, in no order.
  package func rows() throws -> [String] {
    try Self.names.flatMap { table in
      try database.run("SELECT * FROM \(table)").map { "\(table): " + $0.map(\.description).joined(separator: " | ") }
    }
  }

  func exists(_ statement: String, _ values: Database.Value...) throws -> Bool {
    try !database.run(statement, values).isEmpty
  }
}
