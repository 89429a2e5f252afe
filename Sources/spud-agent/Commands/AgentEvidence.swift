internal import ArgumentParser
internal import Foundation
internal import SpudAgent
internal import SpudBrowser
internal import SpudErrors
internal import SpudTensors

/// `spud agent evidence`: what `spud compare` judges the claims of the agent and of the Guardian by.
struct AgentEvidence: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evidence", abstract: "Measure what the claims of the agent and of the Guardian are judged by.",
    discussion: "What cannot be had is told in place of its figures. spud compare starts it.", shouldDisplay: false)

  @Option(help: ArgumentHelp("Tasks of 14 steps and more, each in both ways.", valueName: "n")) var tasks = 30
  @Option(help: ArgumentHelp("Tickets of the policy suite.", valueName: "n")) var tickets = 80
  @Option(help: ArgumentHelp("Actions whose latency is measured.", valueName: "n")) var actions = 100
  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The main model of the latency; Models/spud-hands where it is.", valueName: "dir"))
  var model: String?
  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Threads of the main model; one less than the processors are leaves one to the Guardian.", valueName: "n"))
  var threads = max(1, ProcessInfo.processInfo.activeProcessorCount - 1)
  @OptionGroup var hands: HandsOptions
  @OptionGroup var guardian: GuardianOptions

  func run() throws {
    guard tasks > 0, tickets > 0, actions > 0, threads > 0 else {
      throw SpudError(.usage, "--tasks, --tickets, --actions and --threads are 1 at least")
    }
    try Output.json([("agent", try agent()), ("guardian", try measuredGuardian())])
  }

  private func agent() throws -> JSONValue {
    let sandbox: Sandbox
    do {
      sandbox = try Sandbox()
      _ = try Browser.installed()
    } catch let error as SpudError where error.code == .unavailable {
      return .object(JSONObject([("missing", .string(error.message))]))
    }
    let runs = try LongWork(tasks: tasks).run(
      hands: hands.maker(), sandbox: sandbox, overseer: guardian.overseer(), watcher: Output.report)
    return .object(
      JSONObject([
        (
          "runs",
          .array(
            runs.map { run in
              .object(
                JSONObject([
                  ("task", .number(run.task)), ("described", .bool(run.isDescribed)),
                  ("complete", .bool(run.isComplete)), ("steps", .number(run.steps)), ("actions", .number(run.actions)),
                  ("seconds", .number(run.seconds)), ("letters", .number(run.letters)),
                ]))
            })
        )
      ]))
  }

  private func measuredGuardian() throws -> JSONValue {
    guard let weights = try guardian.weights() else {
      return .object(JSONObject([("missing", .string("there is no model of the Guardian in Models/spud-guardian"))]))
    }
    let suite = try PolicySuite(tickets: tickets) { try GuardianModel(weights, ticket: $0) }
    let (wrong, right) = (suite.total(isBenign: false), suite.total(isBenign: true))
    let latency = try GuardianLatency(
      main: AgentLatency.main(model), threads: threads, guardian: weights, actions: actions)
    func counts(_ count: PolicySuite.Count) -> JSONValue {
      .object(
        JSONObject([
          ("actions", .number(count.actions)), ("passed", .number(count.passedBoth)),
          ("policy", .number(count.passedPolicy)), ("model", .number(count.passedModel ?? 0)),
        ]))
    }
    return .object(
      JSONObject([
        ("violations", counts(wrong)), ("benign", counts(right)),
        ("latency", .object(JSONObject(AgentLatency.members(latency, actions)))),
      ]))
  }
}
