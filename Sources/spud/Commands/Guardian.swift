internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudGuardian
internal import SpudTensors

/// `spud guardian`: what policies say of an action, and the policies that a task's words make.
struct Guardian: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Decide a request by policies in Cedar's language, or write the policies of a task.",
    discussion: """
      Examples:
        spud guardian check --policy rules.cedar --request request.json
        spud guardian write --help
      """,
    subcommands: [Check.self, Write.self])

  /// `spud guardian check`: the decision, the policies that made it, and those that could not be evaluated.
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say whether policies allow a request, and why.",
      discussion: """
        The request is a JSON object with principal, action, resource and, optionally, context, as Cedar's JSON spells \
        them. Nothing is allowed that no policy permits, and what one forbids is denied.

        Examples:
          spud guardian check --policy rules.cedar --request request.json
          spud guardian check --policy rules.cedar --entities people.json --request request.json --json
        """)

    @Option(help: ArgumentHelp("The policies, in Cedar's language.", valueName: "file.cedar"))
    var policy: String

    @Option(help: ArgumentHelp("The entities, in Cedar's JSON; none without it.", valueName: "file.json"))
    var entities: String?

    @Option(help: ArgumentHelp("The request, in Cedar's JSON.", valueName: "file.json"))
    var request: String

    @OptionGroup var json: JSONOptions

    struct Report: Encodable {
      struct Failure: Encodable {
        var policy: String
        var message: String
      }

      var decision: String
      var reasons: [String]
      var errors: [Failure]
    }

    func run() throws {
      let policies = try PolicySet(contentsOf: policy)
      let store = try entities.map { try EntityStore(json: JSONValue(contentsOf: $0), name: $0) } ?? .empty
      let question = try AuthorizationRequest(json: JSONValue(contentsOf: request), name: request)
      let decision = policies.decide(question, entities: store)
      let names = Dictionary(policies.policies.map { ($0.id, $0.name) }) { first, _ in first }
      func name(_ id: String) -> String { names[id] ?? id }
      let report = Report(
        decision: decision.isAllowed ? "allow" : "deny", reasons: decision.reasons.map(name),
        errors: decision.failures.map { .init(policy: name($0.policy), message: $0.message) })
      if json.json { return try JSONOutput.print(report) }
      let reasons = report.reasons.isEmpty ? "no policy permits it" : report.reasons.joined(separator: ", ")
      try Terminal.writeLine("\(report.decision): \(reasons)")
      for failure in report.errors {
        Terminal.report("spud: the policy '\(failure.policy)' does not apply: \(failure.message)")
      }
    }
  }

  /// `spud guardian write`: policies from a task's text and its tools' schemas, before anything else is read.
  struct Write: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write the policies of a task, from its words and its tools alone.",
      discussion: """
        Tools that only read are permitted; a tool that changes something is where the task orders it, with the \
        addresses, accounts, days and names that the task gives. Review what comes out: English words are all it knows.

        Examples:
          spud guardian write --tools tools.json --task "Send the minutes to ann@example.org" > task.cedar
        """)

    @Option(help: ArgumentHelp("The task, in a person's words.", valueName: "text"))
    var task: String

    @Option(
      help: ArgumentHelp(
        "The tools: a JSON list of objects with name, description and parameters.", valueName: "file.json"))
    var tools: String

    @Option(help: ArgumentHelp("The principal's id: Task::\"<id>\".", valueName: "id"))
    var id = "task"

    func run() throws {
      guard let list = try JSONValue(contentsOf: tools).array else {
        throw SpudError(.badData, "\(tools): no list of tools")
      }
      let writer = PolicyWriter(tools: try list.map { try ToolSchema(json: $0, source: tools) })
      try Terminal.writeLine(writer.sharedPolicies() + "\n" + writer.policies(for: task, id: id))
    }
  }
}
