internal import SpudSupport

/// What a portal holds before anything is done in it.
struct StartingRecords: Sendable {
  struct Person: Sendable {
    var name: String
    var email: String
    var team: String
    var start: String
    var note = ""
    var hardware: [String] = []
    var badge: Int?
    var lists: [String] = []
  }

  var people: [Person] = []
  var stock: [String: Int] = [:]

  func records() throws -> Records {
    let records = try Records()
    for person in people {
      try records.database.run(
        "INSERT INTO person VALUES (?, ?, ?, ?, 1, ?)",
        [person.email, person.name, person.team, person.start, person.note].map { .text($0) })
      for item in person.hardware {
        try records.database.run("INSERT INTO hardware VALUES (?, ?)", [.text(person.email), .text(item)])
      }
      if let badge = person.badge {
        try records.database.run("INSERT INTO badge VALUES (?, ?)", [.text(person.email), .integer(badge)])
      }
      for list in person.lists {
        try records.database.run("INSERT INTO member VALUES (?, ?)", [.text(person.email), .text(list)])
      }
    }
    for (item, quantity) in stock {
      try records.database.run("INSERT INTO stock VALUES (?, ?)", [.text(item), .integer(quantity)])
    }
    return records
  }
}

/// Names that nobody bears, and what people are given.
struct NameMaker {
  private static let first = """
    Ada Ben Cleo Dan Eva Finn Gil Hana Ida Jon Kai Lea Mia Nils Ole Pia Quin Rosa Sam Tess Uma Vera Will Xena Yara Zoe \
    Anna Bert Cora Dora Emil Fred Gwen Hugo Ines Jack Kira Lars Mona Nora
    """.split(separator: " ").map(String.init)
  private static let last = """
    Abel Baker Cole Drake Evans Frost Grant Hale Ives Jung Kane Lowe Marsh Nash Owen Pike Quirk Reed Shaw Thorn Upton \
    Vance West Yates Zimmer Ash Birch Crane Dunn Eller Fox Gray Hayes Irving Jones Keller Lane Moss Noble Orr Park
    """.split(separator: " ").map(String.init)

  var random: SeededGenerator
  private(set) var taken: Set<String> = []

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func pick<T>(_ items: [T]) -> T { items[random.index(below: items.count)] }

  /// A person whose email is nobody else's so far.
  mutating func person() -> StartingRecords.Person {
    while true {
      let (first, last) = (pick(Self.first), pick(Self.last))
      let email = Self.email(first, last)
      guard taken.insert(email).inserted else { continue }
      let team = pick(Records.teams)
      let date = "2027-\(pick(["01", "02", "03", "04", "05", "06"]))-\(pick(["01", "08", "15", "22"]))"
      return StartingRecords.Person(name: "\(first) \(last)", email: email, team: team, start: date)
    }
  }

  static func email(_ first: String, _ last: String) -> String {
    "\(first.prefix(1).lowercased()).\(last.lowercased())@spud.test"
  }
}

extension String {
  /// An email of ours with 2 before the @.
  package var secondEmail: String { replacing("@", with: "2@") }
}
