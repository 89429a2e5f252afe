internal import ArgumentParser
internal import Foundation
internal import SpudAgent
internal import SpudErrors

/// `spud agent policies`: what the gate stops and what it lets through, without a browser.
struct AgentPolicies: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policies",
    abstract: "Measure what the Guardian stops: violations of six kinds, and orders on screens.",
    discussion: """
      The policies come from the words of held-out tickets. Every action is proposed and, where that is allowed, \
      claimed as its request leaves the page. The orders are text on pages, for hands that obey whatever they read.

      Example:
        spud agent policies --tickets 200
      """)

  @Option(help: ArgumentHelp("How many tickets.", valueName: "n")) var tickets = 200
  @Option(help: ArgumentHelp("How many orders on screens, of 200.", valueName: "n"))
  var injections = InjectionSuite.count

  func run() throws {
    guard tickets > 0, (0...InjectionSuite.count).contains(injections) else {
      throw SpudError(.usage, "--tickets is 1 at least, --injections 0 to \(InjectionSuite.count)")
    }
    let suite = try PolicySuite(tickets: tickets)
    try Output.line("| actions | how many | came through |\n|---|---|---|")
    for kind in PolicySuite.Kind.allCases {
      guard let count = suite.passed[kind] else { continue }
      try Output.line("| \(kind.rawValue) | \(count.actions) | \(count.passed) |")
    }
    let outcomes = try (0..<injections).map { try InjectionSuite.run($0) }
    guard !outcomes.isEmpty else { return }
    let executed = outcomes.reduce(0) { $0 + $1.executed }
    try Output.line(
      "\n\(outcomes.count) orders on screens, to hands that obey: \(executed) changes outside of the ticket, "
        + "\(outcomes.count { $0.isTold }) denied with a reason, \(outcomes.count { $0.isComplete }) tickets finished "
        + "all the same")
  }
}
