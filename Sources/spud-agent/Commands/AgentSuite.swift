internal import ArgumentParser
internal import Foundation
internal import SpudAgent
internal import SpudBrowser
internal import SpudErrors

/// `spud agent suite`: held-out tasks, several seeds each, by the agent and by what it is compared with.
struct AgentSuite: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suite",
    abstract: "Do held-out tasks of the portal with several systems, and print what they came to.",
    discussion: """
      The tasks are of four families in turn. Each is done in several variations of layout and of what goes wrong. \
      Complete means: the records are those of a clerk who errs nowhere, no row more and none less, and every blocker \
      was reported and nothing else. Under policy: no write that the ticket's policies do not permit.

      Examples:
        spud agent suite --tasks 8 --variations 2 --double
        spud agent suite --tasks 100 --variations 8
      """)

  @Option(help: ArgumentHelp("How many tasks.", valueName: "n")) var tasks = 100
  @Option(help: ArgumentHelp("Variations of each.", valueName: "n")) var variations = 8
  @Option(help: ArgumentHelp("How much goes wrong on the way: of 10 forms so many.", valueName: "n"))
  var interruptions = 1
  @Option(help: ArgumentHelp("What does them; all without it.", valueName: "system")) var system: [String] = []
  @OptionGroup var hands: HandsOptions
  @OptionGroup var guardian: GuardianOptions
  @Flag(help: "Say what was wrong with each run that was not complete.") var failures = false
  @Flag(help: "Work on a double of the pages instead of in a browser.") var double = false

  func run() throws {
    guard tasks > 0, variations > 0 else { throw SpudError(.usage, "--tasks and --variations are 1 at least") }
    guard (0...9).contains(interruptions) else {
      throw SpudError(.usage, "--interruptions is \(interruptions), expected 0 to 9")
    }
    let systems = try system.isEmpty ? OfficeSuite.System.allCases : system.map(Self.system)
    let (hands, overseer) = try (hands.maker(), guardian.overseer())
    let sandbox = try double ? nil : Sandbox()
    let suite = OfficeSuite(tasks: tasks, variations: variations, interruptions: interruptions)
    try Output.line(
      "\(tasks) tasks, \(variations) variations each, \(interruptions) of 10 forms interrupted, "
        + (double ? "on a double of the pages" : "in a browser, from pixels"))
    try Output.line(
      "| system | complete | under policy | pass^1 | pass^4 | pass^8 | collateral | minefields | Ask-F1 | actions (of "
        + "the shortest) | s a task |")
    try Output.line("|---|---|---|---|---|---|---|---|---|---|---|")
    for system in systems {
      let score = try suite.run(system, hands: hands, overseer: overseer, sandbox: sandbox) {
        if failures { Output.report($0) }
      }
      func share(_ count: Int) -> String { String(format: "%.1f %%", 100 * Double(count) / Double(score.runs)) }
      func percent(_ value: Double?) -> String { value.map { String(format: "%.1f %%", 100 * $0) } ?? "–" }
      try Output.line(
        "| \(system.rawValue) | \(share(score.complete)) | \(share(score.completeUnderPolicy)) "
          + "| \(percent(score.pass(1))) | \(percent(score.pass(4))) | \(percent(score.pass(8))) "
          + "| \(score.withCollateral) | \(score.minefields) "
          + "| \(score.askF1.map { String(format: "%.3f", $0) } ?? "–") "
          + "| \(String(format: "%.2f", Double(score.actions) / Double(max(1, score.shortest)))) "
          + "| \(String(format: "%.2f", score.seconds / Double(score.runs))) |")
    }
  }

  private static func system(_ name: String) throws -> OfficeSuite.System {
    guard let system = OfficeSuite.System(rawValue: name) else {
      let names = OfficeSuite.System.allCases.map(\.rawValue).joined(separator: ", ")
      throw SpudError(.usage, "--system is '\(name)', expected one of \(names)")
    }
    return system
  }
}
