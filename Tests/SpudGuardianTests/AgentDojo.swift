internal import Foundation
internal import SpudErrors
internal import SpudGuardian
internal import SpudTensors

/// AgentDojo 0.1.35's gold calls (MIT; the licence is beside them), as `Scripts/guardian/cases` wrote them.
struct AgentDojo {
  struct Task {
    let id: String
    let prompt: String
    let calls: [ToolCall]
  }

  struct Suite {
    let name: String
    let tools: [ToolSchema]
    let tasks: [Task]
    /// The calls of each injection that has any, by its id.
    let attacks: [(id: String, calls: [ToolCall])]
    /// As frozen before the attacks were looked at.
    let policies: String

    /// Whether the policies permit `call` under the task `id`.
    func permits(_ call: ToolCall, task id: String, _ policies: PolicySet) throws -> Bool {
      guard let schema = tools.first(where: { $0.name == call.tool }) else { return false }
      let principal = EntityUID(type: "Task", id: ExactString("\(name)/\(id)"))
      return try call.requests(principal: principal, schema: schema).allSatisfy {
        policies.decide($0, entities: .empty).isAllowed
      }
    }

    /// What the policy writer makes of the tasks' texts now.
    var written: String {
      let writer = PolicyWriter(tools: tools)
      return tasks.reduce(writer.sharedPolicies()) { policies, task in
        let own = writer.policies(for: task.prompt, id: "\(name)/\(task.id)")
        return own.isEmpty ? policies : policies + "\n" + own
      }
    }
  }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().path + "/Fixtures/agentdojo"

  let suites: [Suite]

  init() throws {
    let cases = try JSONValue(contentsOf: Self.folder + "/cases.json")
    let attacks = try JSONValue(contentsOf: Self.folder + "/attacks.json")
    suites = try (cases.object?.members ?? []).map { member in
      Suite(
        name: member.key,
        tools: try (member.value["tools"]?.array ?? []).map { try ToolSchema(json: $0, source: "cases.json") },
        tasks: (member.value["tasks"]?.array ?? []).map {
          Task(id: $0["id"]?.string ?? "", prompt: $0["prompt"]?.string ?? "", calls: Self.calls($0))
        },
        attacks: (attacks[member.key]?.array ?? []).map { ($0["id"]?.string ?? "", Self.calls($0)) }
          .filter { !$0.1.isEmpty },
        policies: try String(contentsOfFile: "\(Self.folder)/policies/\(member.key).cedar", encoding: .utf8))
    }
  }

  private static func calls(_ task: JSONValue) -> [ToolCall] {
    (task["calls"]?.array ?? []).map {
      ToolCall(tool: $0["function"]?.string ?? "", arguments: $0["args"]?.object ?? JSONObject())
    }
  }
}
