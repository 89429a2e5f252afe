import Foundation
import Testing

@Suite("spud guardian")
struct GuardianTests {
  private struct Report: Decodable {
    struct Failure: Decodable, Equatable {
      var policy: String
      var message: String
    }

    var schema: Int
    var decision: String
    var reasons: [String]
    var errors: [Failure]
  }

  private static let policies = """
    @id("reading") permit (principal in Group::"staff", action == Action::"read", resource);
    @id("night") forbid (principal, action, resource) when { context.hour > 22 };
    """
  private static let entities =
    #"[{"uid": {"type": "User", "id": "ann"}, "parents": [{"type": "Group", "id": "staff"}]}]"#

  private static func check(
    _ context: String, _ arguments: [String], policies: String = policies
  ) async throws -> CommandLineProgram.Outcome {
    let request = """
      {"principal": {"type": "User", "id": "ann"}, "action": {"type": "Action", "id": "read"},
       "resource": {"type": "File", "id": "plan"}, "context": \(context)}
      """
    return try await CommandLineProgram.run(
      ["guardian", "check", "--policy", "p.cedar", "--request", "r.json"] + arguments,
      prepare: { folder in
        for (name, text) in [("p.cedar", policies), ("e.json", entities), ("r.json", request)] {
          try Data(text.utf8).write(to: folder.appending(path: name))
        }
      })
  }

  @Test("a decision comes with the policies that made it and those that failed")
  func decisions() async throws {
    let allowed = try await Self.check(#"{"hour": 9}"#, ["--entities", "e.json"])
    #expect(allowed.exitCode == 0)
    #expect(allowed.output == "allow: reading\n")
    #expect(try await Self.check(#"{"hour": 23}"#, ["--entities", "e.json"]).output == "deny: night\n")
    #expect(try await Self.check(#"{"hour": 9}"#, []).output == "deny: no policy permits it\n")
    let failed = try await Self.check("{}", ["--entities", "e.json", "--json"])
    let report = try JSONDecoder().decode(Report.self, from: failed.bytes)
    #expect(report.schema == 1 && report.decision == "allow" && report.reasons == ["reading"])
    #expect(report.errors == [.init(policy: "night", message: "a record has no attribute \"hour\"")])
  }

  @Test("a policy that cannot be read ends with 65 and its place")
  func badPolicy() async throws {
    let outcome = try await Self.check("{}", [], policies: "permit (principal);")
    #expect(outcome.exitCode == 65)
    #expect(outcome.errors == "spud: p.cedar:1:18: found ')' where ',' was expected\n")
  }

  @Test("a task's policies name what the task names")
  func writing() async throws {
    let tools = #"""
      [{"name": "delete_file", "description": "", "parameters":
        {"properties": {"filename": {"type": "string"}}, "required": ["filename"]}}]
      """#
    let outcome = try await CommandLineProgram.run(
      ["guardian", "write", "--tools", "t.json", "--task", "Delete the file old.txt."],
      prepare: { try Data(tools.utf8).write(to: $0.appending(path: "t.json")) })
    #expect(outcome.exitCode == 0)
    #expect(outcome.output.contains("[\"old.txt\"].contains(context.input.filename)"))
  }
}
