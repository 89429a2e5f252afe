internal import ArgumentParser
internal import SpudSupport

/// `spud agent`, `spud portal` and `spud miniwob`: a program of its own does them.
struct Agent: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Do work in the portal by sight and prove it, or work on code in a copy of a folder.",
    discussion: """
      Its program is built when it is first asked for, and needs Scripts/install agent. `spud agent help` \
      lists what it can do.

      Examples:
        spud agent onboard --people 3 --dry-run
        spud agent onboard --people 50 --film film.html
        spud agent code --workspace . "make the tests pass"
      """)

  @Argument(parsing: .captureForPassthrough, help: "What to do; `help` lists it.") var arguments: [String] = []

  func run() throws { try Self.start(arguments, Self.self) }

  /// Has the program go on in this process, with the arguments of this one.
  ///
  /// - Parameters:
  ///   - arguments: Those behind the command's name. The help of the command itself needs no program.
  ///   - command: Whose help that is.
  static func start(_ arguments: [String], _ command: any ParsableCommand.Type) throws {
    if ["--help", "-h"].contains(arguments.first) { throw CleanExit.helpRequest(command) }
    let program = try CompanionProgram.agent.find()
    try ProgramCalls.replaceProcess(with: program, arguments: Array(CommandLine.arguments.dropFirst()))
  }
}

/// `spud portal`.
struct Portal: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a task of the portal that the agent works in, or serve the portal to a browser on this machine.",
    discussion: """
      Its program is built when it is first asked for, and needs Scripts/install agent.

      Examples:
        spud portal --family offboard --seed 7
        spud portal --open --port 8090
      """)

  @Argument(parsing: .captureForPassthrough, help: "Options of the portal.") var arguments: [String] = []

  func run() throws { try Agent.start(arguments, Self.self) }
}

/// `spud miniwob`.
struct Miniwob: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure the hands on the pages of MiniWoB++, from pixels, on seeds that training never saw.",
    discussion: """
      Needs Scripts/install agent, and the pages of PyPI's miniwob 1.1.0.

      Examples:
        spud miniwob --pages miniwob/html/miniwob -m Models/spud-hands --tier 1
        spud miniwob --pages miniwob/html/miniwob --random --page click-test --seeds 20
      """)

  @Argument(parsing: .captureForPassthrough, help: "Options of the measurement.") var arguments: [String] = []

  func run() throws { try Agent.start(arguments, Self.self) }
}
