internal import ArgumentParser
internal import SpudAgent
internal import SpudBrowser
internal import SpudErrors
internal import SpudPortal
internal import SpudTensors

/// `spud agent replay`: plays a log again, and compares each screen.
struct AgentReplay: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Play the log of a run again, and compare what is to be seen at each action.",
    discussion: """
      Exit codes: 0 all as it was, 65 another screen, or a log that was cut.

      Example:
        spud agent onboard --people 2 --log log.jsonl && spud agent replay log.jsonl
      """)

  @Argument(help: ArgumentHelp("The log of a run.", valueName: "file.jsonl")) var log: String

  func run() throws {
    let replay = try Replay(contentsOf: log)
    let sandbox = try replay.isDouble ? nil : Sandbox()
    let result = try replay.play(in: sandbox)
    try Output.line("\(result.actions) actions, \(result.differences.count) screens differ")
    if !replay.isWhole { Output.report("spud: the log was cut: what its run did afterwards is not in it") }
    for difference in result.differences.prefix(10) { try Output.line(difference) }
    if !result.differences.isEmpty || !replay.isWhole { throw ExitCode(65) }
  }
}
