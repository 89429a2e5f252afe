/// A claim that is commonly made of unified models, with what was measured of it here.
package struct Claim: Sendable, Equatable {
  /// The claims, in the order of the report.
  package enum Identifier: String, Codable, Sendable, CaseIterable {
    case latency
    case nuance
    case cost
    case constantLatency = "constant-latency"
    case video
    case together
    case oneSpace = "one-space"
    case depth
    case price
    case memory
    case agent
    case guardian
  }

  package var id: Identifier
  /// The claim in one sentence.
  package var statement: String
  /// What was found, in one sentence with its numbers, or why nothing was.
  package var finding: String
  package var measured: Figure?
  package var baseline: Figure?
  /// Measured against baseline, with its interval.
  package var ratio: Estimate?
  package var verdict: Verdict
  /// Observations behind the figures: requests, pairs or runs.
  package var runs: Int
  /// The interval or the quantiles of the figures, in words.
  package var spread: String
  package var method: String
  /// What would change the verdict.
  package var line: String
  package var tables: [Table] = []
  package var plots: [Plot] = []

  /// Where the claims come from, for readers of the report.
  package static let origin = """
    The claims are such as are commonly made of unified models, put into our words: no source is quoted, and the \
    figures in them (35 %, 90 %, ten times) are what is tested, not what is known.
    """
}

extension Claim.Identifier {
  /// A claim that cannot be judged here, for something is missing.
  ///
  /// - Parameter why: one sentence.
  func cannotTell(_ why: String, method: String, line: String) -> Claim {
    var claim = notMeasured(why, method: method, line: line)
    claim.verdict = .cannotTell
    return claim
  }
}

/// A number with its name and unit.
package struct Figure: Codable, Sendable, Equatable {
  package var name: String
  package var value: Double
  package var unit: Unit

  package init(_ name: String, _ value: Double, _ unit: Unit) {
    self.name = name
    self.value = value
    self.unit = unit
  }

  /// The number as a person reads it.
  package var text: String { unit.text(value) }
}

/// What became of a claim.
package enum Verdict: String, Codable, Sendable, CaseIterable {
  case holds
  case holdsInPart = "holds in part"
  case doesNotHold = "does not hold"
  /// It was measured, but this suite or these runs could not have told whether it holds.
  case cannotTell = "cannot tell"
  case notMeasured = "not measured"

  /// The fewest observations that can make a claim hold: fewer may only say that it holds in part.
  package static let leastCount = 30

  /// This verdict, but for `holds`, which becomes `holds in part` when a condition of it is not met.
  package func onlyHolding(if condition: Bool) -> Verdict {
    self == .holds && !condition ? .holdsInPart : self
  }

  /// A sentence about observations that are too few; empty when they are enough.
  static func remark(count: Int) -> String {
    count >= leastCount
      ? "" : " Of \(count) observation\(count == 1 ? "" : "s") nothing can be said to hold but in part."
  }
}

extension Claim.Identifier {
  /// The claim in one sentence.
  package var statement: String {
    switch self {
    case .latency: "Nothing is routed between modules, so answers come sooner."
    case .nuance: "Turning pictures and sound into text first loses nuance."
    case .cost: "Routing to experts cuts the cost per token by 35 %."
    case .constantLatency: "Capability grows at constant latency per token."
    case .video: "Video is understood as it unfolds: predicting outcomes gets 90 % better."
    case .together: "It sees and hears at the same moment."
    case .oneSpace: "One latent space holds all modalities."
    case .depth: "Thinking scaled to the question is ten times more efficient."
    case .price: "It is aggressively priced."
    case .memory: "It remembers without processing again what was said."
    case .agent: "An agent that sees the screen itself finishes work of many steps."
    case .guardian: "A second model stops what is not allowed before it is done, and costs no time."
    }
  }

  /// A few words for headings and marks.
  package var title: String {
    switch self {
    case .latency: "Latency"
    case .nuance: "Nuance"
    case .cost: "Cost per token"
    case .constantLatency: "Constant latency"
    case .video: "Video"
    case .together: "Seeing and hearing together"
    case .oneSpace: "One space"
    case .depth: "Depth of thinking"
    case .price: "Price per request"
    case .memory: "Memory"
    case .agent: "Agent"
    case .guardian: "Guardian"
    }
  }

  /// A claim of which nothing could be measured.
  ///
  /// - Parameter why: one sentence.
  func notMeasured(_ why: String, method: String, line: String) -> Claim {
    Claim(
      id: self, statement: statement, finding: why, verdict: .notMeasured, runs: 0, spread: "none", method: method,
      line: line)
  }
}

/// A unit that knows how its numbers are written.
package enum Unit: String, Codable, Sendable {
  case seconds
  /// A fraction of 1, written in per cent.
  case share
  /// A difference of two shares, written in points of a hundred.
  case points
  case count
  case factor
  /// Money per thousand requests.
  case moneyPerThousand
  case loss

  package func text(_ value: Double) -> String {
    switch self {
    case .seconds: Format.seconds(value)
    case .share: Format.percent(value)
    case .points: Format.points(value)
    case .count: Format.number(value)
    case .factor: Format.factor(value)
    case .moneyPerThousand: Format.money(value) + " per 1,000"
    case .loss: Format.fixed(value, 3)
    }
  }
}

/// A table of texts; the first column is a heading, and columns that hold numbers are aligned right.
package struct Table: Codable, Sendable, Equatable {
  package var title: String
  package var columns: [String]
  package var rows: [[String]]

  package init(_ title: String, columns: [String], rows: [[String]]) {
    self.title = title
    self.columns = columns
    self.rows = rows
  }
}
