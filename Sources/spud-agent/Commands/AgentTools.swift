internal import ArgumentParser
internal import Foundation
internal import SpudAgent
internal import SpudBrowser
internal import SpudErrors
internal import SpudGuardian

/// `spud agent tools`: a model works with tools that a file declares or an MCP server has.
struct AgentTools: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tools", abstract: "Have a model work with tools of yours: declared in a file, or an MCP server's.",
    discussion: """
      The model is any that is served in OpenAI's form on this machine, such as by spud serve. Tools run in a sandbox \
      without a network. Every call passes the Guardian: what --policy permits, in Cedar's language, with the tool's \
      name as the action and the arguments as context.input; without it a person is asked before each call.

      A file declares a list of {"name", "description", "parameters": a JSON schema, "command": [program, …]}; a \
      program gets the arguments as JSON on its standard input, and sees the file's folder as /tools.

      Examples:
        spud agent tools --tools tools.json --policy rules.cedar "how much is left in stock?"
        spud agent tools --mcp "/usr/bin/python3 /tools/server.py" --folder . "sum up the list"
      """)

  @Argument(help: ArgumentHelp("What to do.", valueName: "task")) var task: String
  @Option(help: ArgumentHelp("A file that declares tools.", valueName: "file.json")) var tools: String?
  @Option(help: ArgumentHelp("The command of an MCP server, as it is in the sandbox.", valueName: "command"))
  var mcp: String?
  @Option(help: ArgumentHelp("A folder that the server sees as /tools, and cannot write.", valueName: "dir"))
  var folder: String?
  @Option(help: ArgumentHelp("Policies in Cedar's language.", valueName: "file.cedar")) var policy: String?
  @Option(help: ArgumentHelp("Calls in all.", valueName: "n")) var calls = 60
  @OptionGroup var chat: ChatOptions

  func run() throws {
    guard (tools == nil) != (mcp == nil) else { throw SpudError(.usage, "one of --tools and --mcp is needed") }
    guard calls > 0 else { throw SpudError(.usage, "--calls is 1 at least") }
    guard policy != nil || Output.inputIsTerminal else {
      throw SpudError(.usage, "without --policy a person is asked before each call, which needs a terminal")
    }
    let sandbox = try Sandbox()
    let toolbox: any Toolbox
    if let tools {
      toolbox = try ProgramTools(contentsOf: tools, in: sandbox)
    } else {
      let command = (mcp ?? "").split(separator: " ").map(String.init)
      guard command.first?.hasPrefix("/") == true else {
        throw SpudError(.usage, "--mcp is '\(mcp ?? "")', expected an absolute path and its arguments")
      }
      let path = try folder.map { folder in
        let place = URL(filePath: folder).resolvingSymlinksInPath()
        guard (try? place.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true, !folder.isEmpty else {
          throw SpudError(.noInput, "--folder is '\(folder)', which is no folder")
        }
        return place.path
      }
      let folders = path.map { [Sandbox.Folder($0, as: "/tools")] } ?? []
      toolbox = try MCPTools(command, in: sandbox, folders: folders)
    }
    let policies =
      try policy.map(policies(in:))
      ?? PolicySet(parsing: "permit (principal, action, resource);", name: "policies that leave all to a person")
    let interrupt = Interrupt()
    let gate = try CodePolicies.gate(
      policies, person: { Output.confirm("\($0.effect?.text ?? $0.action)?", unless: interrupt) },
      asksForWrites: policy == nil)
    var options = ToolAgent.Options()
    options.calls = calls
    options.isInterrupted = { interrupt.isPending }
    options.watcher = { Output.report($0) }
    var model = try chat.served()
    model.isInterrupted = { interrupt.isPending }
    var agent = ToolAgent(model: model, toolbox: toolbox, gate: gate, options: options)
    let report = try agent.run(task)
    if !report.text.isEmpty { try Output.line(report.text) }
    try Output.line("\(report.ending.rawValue): \(report.calls) calls, \(report.refused) refused")
    guard report.ending == .finished else { throw ExitCode(report.ending == .interrupted ? 130 : 65) }
  }
}
