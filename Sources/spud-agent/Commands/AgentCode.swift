internal import ArgumentParser
internal import Foundation
internal import SpudAgent
internal import SpudBrowser
internal import SpudErrors
internal import SpudGuardian

/// `spud agent code`: a model works on a copy of a folder with tools; what it changed is shown before it gets there.
struct AgentCode: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "code",
    abstract: "Have a model work on code: in a copy, in a sandbox, with the difference shown first.",
    discussion: """
      The model is any that is served in OpenAI's form on this machine, such as by spud serve. It lists, reads, \
      searches and edits files, and runs commands without a network; every call passes the Guardian. Only files that \
      it edited itself reach the folder, and only after a yes, or with --yes.

      Examples:
        spud agent code --workspace . --model-address http://127.0.0.1:8080/v1 --model qwen "make the tests pass"
        spud agent code --workspace . --policy rules.cedar --dry-run "rename the flag --old to --new"
      """)

  @Argument(help: ArgumentHelp("What to do.", valueName: "task")) var task: String
  @Option(help: ArgumentHelp("The folder.", valueName: "dir")) var workspace: String
  @OptionGroup var chat: ChatOptions
  @Option(help: ArgumentHelp("Policies in Cedar's language in place of the usual ones.", valueName: "file.cedar"))
  var policy: String?
  @Option(help: ArgumentHelp("Calls in all.", valueName: "n")) var calls = 60
  @Option(help: ArgumentHelp("Characters of the conversation that the model is given.", valueName: "n"))
  var context = 100_000
  @Option(help: ArgumentHelp("Where to write the log, a line of JSON a call.", valueName: "file.jsonl")) var log:
    String?
  @Flag(help: "Show the difference and leave the folder as it is.") var dryRun = false
  @Flag(help: "Ask before each change of a file and each command.") var approve = false
  @Flag(help: "Put the difference into the folder without asking.") var yes = false

  func run() throws {
    guard calls > 0, context >= 4_000 else { throw SpudError(.usage, "--calls is 1 at least, --context 4000") }
    guard !approve || Output.inputIsTerminal else { throw SpudError(.usage, "--approve needs a terminal to ask on") }
    let sandbox = try Sandbox()
    let key = try chat.key()
    var model = try chat.served()
    let folder = try Workspace(workspace)
    for remark in folder.remarks { Output.report("remark: \(remark)") }
    let policies =
      try policy.map(policies(in:))
      ?? PolicySet(parsing: CodePolicies.standard, name: "the usual policies")
    let interrupt = Interrupt()
    let copy = folder.copyPath
    interrupt.onLeaving { try? FileManager.default.removeItem(atPath: copy) }
    let gate = try CodePolicies.gate(
      policies,
      person: { proposal in Output.confirm("\(proposal.effect?.text ?? proposal.action)?", unless: interrupt) },
      asksForWrites: approve)
    let lines = try log.map { path in
      let place = URL(filePath: path).resolvingSymlinksInPath().path
      guard !place.hasPrefix(folder.path + "/") else {
        throw SpudError(.usage, "--log is \(path), which is in the folder that is worked on")
      }
      return try LogFile(path)
    }
    var options = ToolAgent.Options()
    options.calls = calls
    options.contextLength = context
    options.isInterrupted = { interrupt.isPending }
    options.watcher = { Output.report($0) }
    var toolbox = CodeTools(folder, in: sandbox)
    toolbox.isInterrupted = { interrupt.isPending }
    model.isInterrupted = { interrupt.isPending }
    var agent = ToolAgent(
      model: model, toolbox: toolbox, gate: gate,
      log: AgentLog(secrets: key.map { [$0] } ?? []) { lines?.add($0) }, options: options)
    let report: ToolAgent.Report
    do {
      report = try agent.run(task)
    } catch {
      try show(folder)
      Output.report("The folder is as it was.")
      throw error
    }
    try lines?.finish()
    try finish(report, folder, interrupt)
  }

  private func show(_ folder: Workspace) throws {
    for change in folder.changes { try Output.line(LineDifference.text(change)) }
    for remark in folder.leftOut { Output.report("left out: \(remark) by a command") }
  }

  private func finish(_ report: ToolAgent.Report, _ folder: Workspace, _ interrupt: Interrupt) throws {
    let changes = folder.changes
    try show(folder)
    if !report.text.isEmpty { try Output.line(report.text) }
    try Output.line(
      "\(report.ending.rawValue): \(report.calls) calls, \(report.refused) refused, \(changes.count) files different")
    guard report.ending == .finished else { throw ExitCode(report.ending == .interrupted ? 130 : 65) }
    guard !changes.isEmpty, !dryRun else { return }
    guard yes || Output.inputIsTerminal else {
      return Output.report("The folder is as it was: there is no terminal to ask on, and --yes was not given.")
    }
    guard yes || Output.confirm("Put this into \(folder.path)?", unless: interrupt) else {
      Output.report("The folder is as it was.")
      if interrupt.isPending { throw ExitCode(130) }
      return
    }
    try folder.apply()
    Output.report("The folder is changed.")
  }
}
