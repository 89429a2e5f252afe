internal import ArgumentParser
internal import SpudAgent
internal import SpudErrors
internal import SpudPortal

/// `spud agent ticket`: a served model does a task of the portal with tools in place of a screen.
struct AgentTicket: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ticket", abstract: "Have a served model do a ticket of the portal, with tools in place of a screen.",
    discussion: """
      The model is any that is served in OpenAI's form on this machine, such as by spud serve. Each form of the portal \
      is a tool, and every call passes the Guardian, whose policies come from the ticket's words. A judge compares the \
      records afterwards. Exit codes: 0 finished and verified, 65 not, 130 interrupted.

      Example:
        spud agent ticket --family offboard --people 2 --model-address http://127.0.0.1:8080/v1 --model qwen
      """)

  @Option(help: ArgumentHelp("onboard, offboard, correct or reconcile.", valueName: "family"))
  var family = PortalTask.Family.onboard.rawValue
  @Option(help: ArgumentHelp("How many people, or items.", valueName: "n")) var people = 2
  @Option(help: ArgumentHelp("The seed of the task.", valueName: "n")) var seed: UInt64 = 1
  @Option(help: ArgumentHelp("How much goes wrong on the way: of 10 forms so many.", valueName: "n"))
  var interruptions = 0
  @Option(help: ArgumentHelp("Calls in all.", valueName: "n")) var calls = 200
  @OptionGroup var chat: ChatOptions

  func run() throws {
    guard let kind = PortalTask.Family(rawValue: family) else {
      let names = PortalTask.Family.allCases.map(\.rawValue).joined(separator: ", ")
      throw SpudError(.usage, "--family is '\(family)', expected one of \(names)")
    }
    guard (1...50).contains(people), (0...9).contains(interruptions), calls > 0 else {
      throw SpudError(.usage, "--people is 1 to 50, --interruptions 0 to 9, --calls 1 at least")
    }
    let task = PortalTask.make(kind, count: people, seed: seed, difficulty: .init(interruptions: interruptions))
    Output.report(task.ticket)
    let interrupt = Interrupt()
    var options = ToolAgent.Options()
    options.calls = calls
    options.isInterrupted = { interrupt.isPending }
    options.watcher = { Output.report($0) }
    var model = try chat.served()
    model.isInterrupted = { interrupt.isPending }
    let day = try ToolWorkday(task, model: model, options: options)
    try Output.line(
      "\(day.report.ending.rawValue): \(day.report.calls) calls, \(day.report.refused) refused by the Guardian")
    try Output.line(day.isComplete ? "judge: complete" : "judge: not complete")
    for row in day.judgement.missing { try Output.line("missing: \(row)") }
    for row in day.judgement.collateral { try Output.line("too many: \(row)") }
    for blocker in day.judgement.unreported { try Output.line("not reported: \(blocker.subject): \(blocker.reason)") }
    if day.report.ending == .interrupted { throw ExitCode(130) }
    if !day.isComplete { throw ExitCode(65) }
  }
}
