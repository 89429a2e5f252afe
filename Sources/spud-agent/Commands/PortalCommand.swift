internal import ArgumentParser
internal import SpudErrors
internal import SpudPortal

/// `spud portal`: the office that the agent works in, for a person.
struct PortalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "portal", abstract: "Show a task of the portal, or serve the portal to a browser on this machine.",
    discussion: """
      Without --open it prints the ticket. With it, a browser on this machine can work on it; Ctrl-C ends it, and the \
      judge says what came of it.

      Examples:
        spud portal --family offboard --seed 7
        spud portal --open --port 8090
      """)

  @Option(help: ArgumentHelp("onboard, offboard, correct or reconcile.", valueName: "family"))
  var family = PortalTask.Family.onboard.rawValue
  @Option(help: ArgumentHelp("How many people, or items.", valueName: "n")) var people = 3
  @Option(help: ArgumentHelp("The seed of the task.", valueName: "n")) var seed: UInt64 = 1
  @Option(help: ArgumentHelp("How much goes wrong on the way: of 10 forms so many.", valueName: "n"))
  var interruptions = 1
  @Flag(help: "Serve it on 127.0.0.1.") var open = false
  @Option(help: ArgumentHelp("The port; 0 for one that is free.", valueName: "n")) var port: UInt16 = 0

  func run() throws {
    guard let kind = PortalTask.Family(rawValue: family) else {
      let names = PortalTask.Family.allCases.map(\.rawValue).joined(separator: ", ")
      throw SpudError(.usage, "--family is '\(family)', expected one of \(names)")
    }
    guard (1...50).contains(people), (0...9).contains(interruptions) else {
      throw SpudError(.usage, "--people is 1 to 50, and --interruptions 0 to 9")
    }
    let task = PortalTask.make(kind, count: people, seed: seed, difficulty: .init(interruptions: interruptions))
    try Output.line(task.ticket)
    guard open else { return }
    let portal = try task.portal()
    let server = try PortalServer(portal, port: port)
    let interrupt = Interrupt()
    Output.report("The portal is at http://127.0.0.1:\(server.port)/ until Ctrl-C")
    server.serve { interrupt.isPending }
    let verdict = try Judgement(task, records: portal.records, alerts: task.alerts)
    try Output.line(
      verdict.isComplete
        ? "judge: complete" : "judge: \(verdict.missing.count) rows missing, \(verdict.collateral.count) too many")
    for row in verdict.missing { try Output.line("missing: \(row)") }
    for row in verdict.collateral { try Output.line("too many: \(row)") }
  }
}
