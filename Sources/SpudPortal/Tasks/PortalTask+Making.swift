internal import SpudSupport

extension PortalTask {
  /// What a task may have in its way.
  package struct Difficulty: Sendable {
    /// How many of ten forms are refused or lied about, and of how many requests the session ends or the layout moves.
    package var interruptions: Int
    /// Emails that are taken, hardware that is out of stock, badges that may not be granted.
    package var hasObstacles: Bool

    package init(interruptions: Int = 1, hasObstacles: Bool = true) {
      self.interruptions = interruptions
      self.hasObstacles = hasObstacles
    }
  }

  /// Makes a task; a seed makes the same one each time.
  ///
  /// - Parameters:
  ///   - count: of people, or of items.
  ///   - seed: of the ticket and of what the portal holds.
  ///   - variation: of the layout and of what goes wrong on the way, with the same ticket.
  package static func make(
    _ family: Family, count: Int, seed: UInt64, variation: UInt64 = 0, difficulty: Difficulty = Difficulty()
  ) -> PortalTask {
    var names = NameMaker(seed: seed &* 1_000_003 &+ UInt64(family.rawValue.count))
    var start = StartingRecords()
    for item in Records.items { start.stock[item] = 1 + names.random.index(below: 9) }
    for _ in 0..<12 {
      var person = names.person()
      if names.random.index(below: 2) == 0 { person.hardware = [names.pick(Records.items)] }
      if names.random.index(below: 2) == 0 { person.badge = 1 + names.random.index(below: 3) }
      person.lists = names.random.index(below: 2) == 0 ? ["all"] : ["all", person.team.lowercased()]
      start.people.append(person)
    }
    let made: Draft
    switch family {
    case .onboard: made = onboard(count, &names, &start, difficulty)
    case .offboard: made = offboard(min(count, 10), &names, &start, difficulty)
    case .correct: made = correct(min(count, 12), &names, start)
    case .reconcile: made = reconcile(min(count, Records.items.count), &names, start)
    }
    let expected = made.gold
    var random = SeededGenerator(seed: seed &* 7_919 &+ variation &* 104_729)
    return PortalTask(
      family: family, seed: seed, layoutSeed: random.next(), ticket: made.ticket.joined(separator: "\n"), start: start,
      interruptions: interruptions(for: expected, difficulty, &random), gold: expected, alerts: made.alerts,
      minefields: [
        "SELECT 1 FROM badge WHERE level > \(made.limit)", "SELECT 1 FROM person WHERE active = 0",
        "SELECT 1 FROM purchase", "SELECT 1 FROM stock WHERE quantity < 0",
      ])
  }

  /// A ticket in the making.
  struct Draft {
    var ticket: [String]
    var gold: [PortalWrite] = []
    var alerts: [Blocker] = []
    /// The highest badge that the ticket's signer may grant.
    var limit = 4
  }

  private static func interruptions(
    for gold: [PortalWrite], _ difficulty: Difficulty, _ random: inout SeededGenerator
  ) -> [Interruption] {
    guard difficulty.interruptions > 0 else { return [] }
    var made: [Interruption] = []
    var sent: [PortalForm: Int] = [:]
    for write in gold {
      // A form that was refused is sent once more.
      let time = sent[write.form, default: 0] + 1
      sent[write.form] = time
      guard random.index(below: 10) < difficulty.interruptions else { continue }
      made.append(
        random.index(below: 2) == 0 ? .refusal(of: write.form, at: time) : .lie(about: write.form, at: time))
      sent[write.form] = time + 1
    }
    var request = 4 + random.index(below: 20)
    while request < gold.count * 4 + 10 {
      made.append(
        random.index(below: 2) == 0
          ? .expiredSession(after: request) : .movedLayout(after: request, seed: random.next()))
      request += 25 + random.index(below: 60) / difficulty.interruptions
    }
    return made
  }
}
