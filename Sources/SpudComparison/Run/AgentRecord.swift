/// What the agent's program measured: long tasks done in two ways, and what the Guardian stops and costs.
package struct AgentRecord: Codable, Sendable, Equatable {
  /// A task, done from what is seen or from what is told of it.
  package struct Run: Codable, Sendable, Equatable {
    package var task: Int
    package var described: Bool
    package var complete: Bool
    /// Actions that whoever errs nowhere needs.
    package var steps: Int
    package var actions: Int
    package var seconds: Double
    /// Letters of the descriptions that it was told.
    package var letters: Int
  }

  package struct Work: Codable, Sendable, Equatable {
    package var runs: [Run]?
    /// Why there are none.
    package var missing: String?
  }

  /// Actions of a kind, and those of them that came through: both, policies alone, model alone.
  package struct Counts: Codable, Sendable, Equatable {
    package var actions: Int
    package var passed: Int
    package var policy: Int
    package var model: Int
  }

  /// Seconds from a screen to an action, and what the Guardian adds as a share of the median without it.
  package struct Times: Codable, Sendable, Equatable {
    package var p50: Double
    package var p95: Double
    package var addedP50: Double
    package var addedP95: Double
    package var slowdown: Double

    private enum CodingKeys: String, CodingKey {
      case p50, p95, slowdown
      case addedP50 = "added_p50"
      case addedP95 = "added_p95"
    }
  }

  package struct Latency: Codable, Sendable, Equatable {
    package var actions: Int
    package var off: Times
    package var inSequence: Times
    package var parallel: Times

    private enum CodingKeys: String, CodingKey {
      case actions, off, parallel
      case inSequence = "in_sequence"
    }
  }

  package struct Guardian: Codable, Sendable, Equatable {
    package var violations: Counts?
    package var benign: Counts?
    package var latency: Latency?
    package var missing: String?
  }

  package var agent: Work
  package var guardian: Guardian

  package static let key = "agent"

  package init(agent: Work, guardian: Guardian) {
    self.agent = agent
    self.guardian = guardian
  }

  /// Where nothing could be measured.
  package init(missing: String) {
    self.init(agent: Work(missing: missing), guardian: Guardian(missing: missing))
  }
}
