/// What an agent says of its work when it ends.
package struct AgentReport: Sendable, Codable {
  package enum Ending: String, Sendable, Codable {
    case finished, interrupted, outOfActions, outOfTime
  }

  package struct Alert: Sendable, Codable, Equatable {
    package var subject: String
    /// What shall hold and does not.
    package var fact: String
    /// What stood in the way, as it was read or decided.
    package var blocker: String
  }

  package var ending: Ending = .finished
  /// Facts that were seen to hold.
  package var held: [String] = []
  /// Facts of which a write was made and nothing was seen since, or that hold in part of a subject only.
  package var halfDone: [String] = []
  /// Facts that were not begun.
  package var open: [String] = []
  package var alerts: [Alert] = []
  /// Writes that would have been made, of a dry run.
  package var planned: [String] = []
  package var actions = 0
  package var refusedByGuardian = 0
  package var recoveries = 0
  package var seconds = 0.0

  /// Everything that shall hold was seen to, but for what was reported.
  package var isFinished: Bool { ending == .finished && halfDone.isEmpty && open.isEmpty }
}
