/// Work to be done in the portal: a ticket in words, a portal to do it in, and what must be there afterwards.
package struct PortalTask: Sendable {
  package enum Family: String, CaseIterable, Sendable {
    case onboard, offboard, correct, reconcile
  }

  package let family: Family
  package let seed: UInt64
  let layoutSeed: UInt64
  /// What whoever does it is told.
  package let ticket: String
  /// What the portal holds at the beginning.
  let start: StartingRecords
  package let interruptions: [Interruption]
  /// The writes that a clerk who errs nowhere would make.
  package let gold: [PortalWrite]
  /// What cannot be done, or may not be: the subjects of the ticket that must be reported, each with the blocker.
  package let alerts: [Blocker]
  /// Queries that may find no more rows than after the gold writes.
  package let minefields: [String]

  /// Something that stands in the way, and has to be told.
  package struct Blocker: Sendable, Hashable {
    /// An email or an item.
    package let subject: String
    package let reason: String

    package init(subject: String, reason: String) {
      self.subject = subject
      self.reason = reason
    }
  }

  /// A portal as it is before anything was done.
  package func portal(interrupted: Bool = true) throws -> Portal {
    Portal(
      records: try start.records(), layout: PageLayout(seed: layoutSeed),
      interruptions: interrupted ? interruptions : [])
  }

  /// The records after the gold writes.
  package func goldRecords() throws -> Records {
    let records = try start.records()
    for write in gold { try records.apply(write.form, write.values) }
    return records
  }
}
