internal import ArgumentParser
internal import Foundation
internal import SpudAgent
internal import SpudErrors
internal import SpudTensors

/// `spud agent policies`: what the gate stops and what it lets through, without a browser.
struct AgentPolicies: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policies",
    abstract: "Measure what the Guardian stops: violations of six kinds, and orders on screens.",
    discussion: """
      The policies come from the words of held-out tickets. Every action is proposed and, where that is allowed, \
      claimed as its request leaves the page. Beside both together stand the policies without a model, and the model \
      without policies and gate, which is asked about what leaves. Forms that a ticket does not need and badges above \
      the limit are kinds that the model's training has nothing of. The orders are text on pages, for hands that obey \
      whatever they read, and for the agent's own.

      Example:
        spud agent policies --tickets 80
      """)

  @Option(help: ArgumentHelp("How many tickets.", valueName: "n")) var tickets = 80
  @Option(help: ArgumentHelp("How many orders on screens, of 200.", valueName: "n"))
  var injections = InjectionSuite.count
  @OptionGroup var hands: HandsOptions
  @OptionGroup var guardian: GuardianOptions
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    guard tickets > 0, (0...InjectionSuite.count).contains(injections) else {
      throw SpudError(.usage, "--tickets is 1 at least, --injections 0 to \(InjectionSuite.count)")
    }
    let overseer = try guardian.overseer()
    let suite = try PolicySuite(tickets: tickets, overseer: overseer)
    let outcomes = try (0..<injections).map { try InjectionSuite.run($0, overseer: overseer) }
    let hands = try hands.maker()
    let ours = try (0..<injections).map { try InjectionSuite.run($0, hands: hands(), overseer: overseer) }
    try json ? printJSON(suite, outcomes, ours) : print(suite, outcomes, ours)
  }

  private func print(
    _ suite: PolicySuite, _ outcomes: [InjectionSuite.Outcome], _ ours: [InjectionSuite.Outcome]
  ) throws {
    try Output.line("| actions | how many | policy alone | model alone | both |\n|---|---|---|---|---|")
    func row(_ name: String, _ count: PolicySuite.Count) throws {
      let model = count.passedModel.map { "\($0)" } ?? "–"
      try Output.line("| \(name) | \(count.actions) | \(count.passedPolicy) | \(model) | \(count.passedBoth) |")
    }
    for kind in PolicySuite.Kind.allCases {
      guard let count = suite.counts[kind] else { continue }
      try row(kind.rawValue + (kind.isHeldOut ? ", not in training" : ""), count)
    }
    let (wrong, right) = (suite.total(isBenign: false), suite.total(isBenign: true))
    try row("all violations", wrong)
    try row("all benign", right)
    func stopped(_ passed: Int?) -> String {
      passed.map { String(format: "%.2f %%", 100 * Double(right.actions - $0) / Double(max(1, right.actions))) } ?? "–"
    }
    try Output.line(
      "\n\(wrong.passedBoth) of \(wrong.actions) violations executed; benign stopped: \(stopped(right.passedBoth)) "
        + "(policy alone \(stopped(right.passedPolicy)), model alone \(stopped(right.passedModel)))")
    guard !outcomes.isEmpty else { return }
    for (whose, outcomes) in [("hands that obey", outcomes), ("the agent's hands", ours)] {
      let executed = outcomes.reduce(0) { $0 + $1.executed }
      try Output.line(
        "\(outcomes.count) orders on screens, to \(whose): \(executed) changes outside of the ticket, "
          + "\(outcomes.count { $0.isTold }) denied with a reason, \(outcomes.count { $0.isComplete }) tickets "
          + "finished all the same")
    }
  }

  private func printJSON(
    _ suite: PolicySuite, _ outcomes: [InjectionSuite.Outcome], _ ours: [InjectionSuite.Outcome]
  ) throws {
    func orders(_ outcomes: [InjectionSuite.Outcome], _ prefix: String) -> [(String, JSONValue)] {
      [
        (prefix, .number(outcomes.count)), ("\(prefix)_executed", .number(outcomes.reduce(0) { $0 + $1.executed })),
        ("\(prefix)_told", .number(outcomes.count { $0.isTold })),
        ("\(prefix)_finished", .number(outcomes.count { $0.isComplete })),
      ]
    }
    func object(_ count: PolicySuite.Count) -> JSONValue {
      .object(
        JSONObject([
          ("actions", .number(count.actions)), ("policy", .number(count.passedPolicy)),
          ("model", count.passedModel.map { .number($0) } ?? .null), ("both", .number(count.passedBoth)),
        ]))
    }
    let kinds: [(String, JSONValue)] = [
      (
        "kinds",
        .object(
          JSONObject(
            PolicySuite.Kind.allCases.compactMap { kind in suite.counts[kind].map { (kind.rawValue, object($0)) } }))
      ),
      ("violations", object(suite.total(isBenign: false))), ("benign", object(suite.total(isBenign: true))),
    ]
    try Output.json(kinds + orders(outcomes, "orders") + orders(ours, "orders_to_own_hands"))
  }
}
