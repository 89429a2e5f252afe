/// What a task's records came to, seen from outside of whoever did it.
package struct Judgement: Sendable {
  /// Rows that should be there and are not, and rows of the beginning that should not be there any more.
  package let missing: [String]
  /// Rows that were not there in the beginning and should not be.
  package let collateral: [String]
  /// Queries of things that must not be, which found more than after the gold writes.
  package let minefields: [String]
  /// Blockers that were not reported.
  package let unreported: [PortalTask.Blocker]
  /// Reports without a blocker.
  package let groundless: [String]

  /// All is as the ticket has it, and what could not be was reported.
  package var isComplete: Bool { missing.isEmpty && collateral.isEmpty && minefields.isEmpty && unreported.isEmpty }

  /// Compares records with the gold replay of a task.
  ///
  /// - Parameter alerts: what was reported, the subject with what stood in the way.
  package init(_ task: PortalTask, records: Records, alerts: [PortalTask.Blocker]) throws {
    let gold = try task.goldRecords()
    let (found, expected) = (Set(try records.rows()), Set(try gold.rows()))
    let start = Set(try task.start.records().rows())
    missing = expected.subtracting(found).sorted() + found.subtracting(expected).intersection(start).sorted()
    collateral = found.subtracting(expected).subtracting(start).sorted()
    minefields = try task.minefields.filter { query in
      try records.database.run(query).count > gold.database.run(query).count
    }
    unreported = task.alerts.filter { due in
      !alerts.contains { $0.subject == due.subject && $0.reason.contains(due.reason) }
    }
    groundless = alerts.filter { alert in !task.alerts.contains { $0.subject == alert.subject } }.map(\.subject)
  }
}
