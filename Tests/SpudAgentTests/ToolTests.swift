import Foundation
import SpudBrowser
import SpudErrors
import SpudGuardian
import SpudPortal
import SpudTensors
import Testing

@testable import SpudAgent

@Suite("Tools in place of a screen", .enabled(if: Installed.sandbox))
struct ToolTests {
  private func folder(_ files: [String: String]) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "spud-tools-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
    return folder.path
  }

  private func gate(_ policies: String) throws -> ActionGate {
    try CodePolicies.gate(PolicySet(parsing: policies, name: "test"))
  }

  /// The results of calls that a model makes one after the other.
  private func results(
    _ toolbox: any Toolbox, _ policies: String, _ calls: [(String, [String: String])]
  ) throws -> [String] {
    let model = ScriptedModel(calls.map { [$0] })
    var agent = ToolAgent(model: model, toolbox: toolbox, gate: try gate(policies))
    #expect(try agent.run("go").ending == .finished)
    return model.results
  }

  private static let server = #"""
    import json, sys
    def send(message): print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        method, id = asked["method"], asked.get("id")
        if method == "initialize":
            send({"id": "x", "method": "roots/list"})
            send({"method": "notifications/message", "params": {"level": "info", "data": "hello"}})
            send({"id": id, "result": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                                       "serverInfo": {"name": "sums", "version": "1"}}})
            declined = json.loads(sys.stdin.readline())
            assert declined["id"] == "x" and declined["error"]["code"] == -32601
        elif method == "tools/list":
            number = {"type": "string"}
            add = {"name": "add", "description": "Adds.", "inputSchema": {"type": "object",
                   "properties": {"a": number, "b": number}, "required": ["a", "b"], "additionalProperties": False}}
            if "cursor" in asked["params"]:
                send({"id": id, "result": {"tools": [{"name": "hang", "inputSchema": {"type": "object"}}]}})
            else:
                send({"id": id, "result": {"tools": [add], "nextCursor": "2"}})
        elif method == "tools/call" and asked["params"]["name"] == "add":
            arguments = asked["params"]["arguments"]
            try:
                text = str(int(arguments["a"]) + int(arguments["b"]))
                send({"id": id, "result": {"content": [{"type": "text", "text": text}]}})
            except ValueError as error:
                send({"id": id, "result": {"content": [{"type": "text", "text": str(error)}], "isError": True}})
    """#

  @Test("the tools of an MCP server are listed and called past the gate, in the sandbox")
  func mcp() throws {
    let folder = Sandbox.Folder(try folder(["server.py": Self.server]), as: "/tools")
    let tools = try MCPTools(
      ["/usr/bin/python3", "/tools/server.py"], in: Sandbox(), folders: [folder], seconds: 120)
    #expect(tools.serverName == "sums")
    #expect(tools.tools.map(\.name) == ["add", "hang"])
    let found = try results(
      tools, #"permit (principal, action == Action::"add", resource) when { context.input.a != 7 };"#,
      [
        ("add", ["a": "2", "b": "3"]), ("add", ["a": "x", "b": "3"]), ("add", ["a": "7", "b": "3"]), ("hang", [:]),
        ("add", ["a": "1"]), ("fly", [:]),
      ])
    #expect(found[0] == "5")
    #expect(found[1].hasPrefix("error: invalid literal"))
    #expect(found[2].contains("the Guardian says no"))
    #expect(found[3].contains("the Guardian says no"))
    #expect(found[4] == "error: add: 'b' is missing")
    #expect(found[5] == "error: there is no tool 'fly'")
  }

  @Test("a server that hangs, and a program that is none, are given up in a sentence")
  func silent() throws {
    let sandbox = try Sandbox()
    #expect(throws: SpudError.self) { try MCPTools(["/usr/bin/sleep", "60"], in: sandbox, seconds: 0.3) }
    #expect(throws: SpudError.self) { try MCPTools(["/usr/bin/echo", "hello"], in: sandbox, seconds: 120) }
  }

  @Test("a tool that a file declares gets its arguments as JSON, without a network, and its failures are told")
  func programs() throws {
    let folder = try folder([
      "tools.json": """
      [{"name": "echo", "description": "Says it again.", "command": ["/usr/bin/cat"],
        "parameters": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}},
       {"name": "fail", "command": ["/usr/bin/bash", "-c", "cat > /tools/x; echo no; exit 3"],
        "parameters": {"type": "object"}}]
      """,
      "bad.json": #"[{"name": "x", "parameters": {"type": "object"}, "command": ["cat"]}]"#,
    ])
    let tools = try ProgramTools(contentsOf: folder + "/tools.json", in: Sandbox())
    let found = try results(
      tools, "permit (principal, action, resource);", [("echo", ["text": "a \"b\""]), ("fail", [:]), ("echo", [:])])
    #expect(found[0] == #"{"text":"a \"b\""}"#)
    #expect(found[1].hasPrefix("error: exited(3)"))
    #expect(found[1].contains("Read-only file system"))
    #expect(found[2] == "error: echo: 'text' is missing")
    #expect(throws: SpudError.self) { try ProgramTools(contentsOf: folder + "/bad.json", in: Sandbox()) }
  }

  @Test("a ticket is worked on with tools in place of a screen, past the same gate, and judged alike")
  func portal() throws {
    let task = PortalTask.make(.onboard, count: 2, seed: 8, difficulty: .init(interruptions: 0, hasObstacles: false))
    let calls = try Plan(ticket: task.ticket).facts.flatMap { fact -> [(String, [String: String])] in
      let name = PortalForm.allCases.first { $0.title == fact.form.form }?.rawValue.replacing("-", with: "_") ?? ""
      let values = Dictionary(fact.form.values.map { ($0.key.lowercased(), $0.value) }) { first, _ in first }
      return [(name, values), ("show_person", ["email": fact.subject])]
    }
    let model = ScriptedModel(
      [[("set_badge", ["email": "mallory@spud.test", "level": "4"])]] + calls.map { [$0] })
    let day = try ToolWorkday(task, model: model)
    #expect(day.isComplete)
    #expect(day.report.refused == 1)
    #expect(model.results[0].contains("the Guardian says no"))
    #expect(model.results[1].contains("Saved"))
    #expect(day.writes.count == task.gold.count)
  }
}
