import Foundation
import SpudBrowser
import SpudErrors
import SpudGuardian
import SpudSupport
import SpudTensors
import Testing

@testable import SpudAgent

@Suite("Work on code", .enabled(if: Installed.sandbox))
struct CodeTests {
  /// A folder of its own with these files.
  private func folder(_ files: [String: String]) throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "spud-code-\(UUID().uuidString)")
    for (path, text) in files {
      let url = folder.appending(path: path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    return folder
  }

  private static let sum = [
    "sum.sh": "echo $(( $1 - $2 ))\n", "test.sh": "[ $(bash sum.sh 2 3) = 5 ] && echo passed\n",
  ]

  private func work(
    _ workspace: Workspace, _ script: [[(String, [String: String])]], options: ToolAgent.Options = .init(),
    seconds: Double = 120, outputBytes: Int = 10_000_000
  ) throws -> (ToolAgent.Report, [String]) {
    var tools = CodeTools(workspace, in: try Sandbox())
    tools.seconds = seconds
    tools.outputBytes = outputBytes
    let gate = try CodePolicies.gate(PolicySet(parsing: CodePolicies.standard, name: "usual"))
    let model = ScriptedModel(script)
    var agent = ToolAgent(model: model, toolbox: tools, gate: gate, options: options)
    let report = try agent.run("make the tests pass")
    return (report, model.results)
  }

  @Test("a fault is found, mended and tested in the copy, and reaches the folder when it is put there")
  func mends() throws {
    let folder = try folder(Self.sum)
    let workspace = try Workspace(folder.path)
    let (report, results) = try work(
      workspace,
      [
        [("list_files", [:]), ("run_command", ["command": "bash test.sh"])],
        [("search", ["text": "$1"]), ("read_file", ["path": "sum.sh"])],
        [("edit_file", ["path": "sum.sh", "old": "-", "new": "+"])],
        [("run_command", ["command": "bash test.sh"])],
      ])
    #expect(report.ending == .finished)
    #expect(results[0] == "sum.sh\ntest.sh")
    #expect(results[1].hasPrefix("exit 1"))
    #expect(results[2] == "sum.sh:1: echo $(( $1 - $2 ))")
    #expect(results[5] == "exit 0\npassed\n")
    #expect(workspace.changes.map(\.path) == ["sum.sh"])
    let text = LineDifference.text(workspace.changes[0])
    #expect(text.contains("-echo $(( $1 - $2 ))\n+echo $(( $1 + $2 ))"))
    #expect(try String(contentsOf: folder.appending(path: "sum.sh"), encoding: .utf8).contains("-"))
    try workspace.apply()
    #expect(try String(contentsOf: folder.appending(path: "sum.sh"), encoding: .utf8).contains("+"))
  }

  @Test("a wrong edit changes nothing, and the model is told why")
  func wrongEdit() throws {
    let workspace = try Workspace(folder(["a.txt": "one one\n"]).path)
    let (_, results) = try work(
      workspace,
      [
        [
          ("edit_file", ["path": "a.txt", "old": "two", "new": "x"]),
          ("edit_file", ["path": "a.txt", "old": "one", "new": "x"]),
        ],
        [("edit_file", ["path": "b.txt", "old": "one", "new": "x"]), ("edit_file", ["path": "a.txt", "old": "one"])],
        [
          ("write_file", ["path": "a.txt", "text": "new"]), ("fly", [:]),
          ("read_file", ["path": "a.txt", "speed": "9"]),
        ],
      ])
    #expect(results[0].contains("0 times"))
    #expect(results[1].contains("2 times"))
    #expect(results[2] == "error: b.txt: no such file")
    #expect(results[3] == "error: edit_file: 'new' is missing")
    #expect(results[4].contains("is there already"))
    #expect(results[5] == "error: there is no tool 'fly'")
    #expect(results[6] == "error: read_file: there is no 'speed'")
    #expect(workspace.changes.isEmpty)
  }

  @Test("a command that hangs, and one that prints 10 MB, are ended, and the model gets the ends of it")
  func limits() throws {
    let workspace = try Workspace(folder(["a.txt": "a"]).path)
    let (report, results) = try work(
      workspace,
      [[("run_command", ["command": "sleep 100"])], [("run_command", ["command": "yes | head -c 20000000"])]],
      seconds: 3)
    #expect(report.ending == .finished)
    #expect(results[0].hasPrefix("ended after 3.0 seconds"))
    #expect(results[1].hasPrefix("ended after"))
    #expect(results[1].contains("characters left out"))
    #expect(results[1].count < 9_000)
  }

  @Test("no path and no link leads outside, not even one that a command makes")
  func outside() throws {
    let folder = try folder(["a.txt": "a"])
    let secret = try self.folder(["secret.txt": "secret"])
    try FileManager.default.createSymbolicLink(
      at: folder.appending(path: "link"), withDestinationURL: secret.appending(path: "secret.txt"))
    let workspace = try Workspace(folder.path)
    #expect(workspace.remarks == ["link is a link, which was not copied"])
    let (_, results) = try work(
      workspace,
      [
        [("read_file", ["path": "../../etc/passwd"]), ("read_file", ["path": "/etc/passwd"])],
        [
          (
            "run_command",
            ["command": "ln -s \(secret.path) out; ln -s /etc/passwd here; cat out/secret.txt; cat /etc/shadow"]
          )
        ],
        [("read_file", ["path": "out/secret.txt"]), ("write_file", ["path": "out/new.txt", "text": "x"])],
        [
          ("edit_file", ["path": "here", "old": "root", "new": "x"]),
          ("write_file", ["path": ".git/hooks/x", "text": "x"]),
        ],
      ])
    #expect(results[0].contains("outside of the workspace"))
    #expect(results[1].contains("outside of the workspace"))
    #expect(!results[2].contains("\nsecret"))
    #expect(results[2].contains("No such file"))
    #expect(results[3].contains("is a link"))
    #expect(results[4].contains("is a link"))
    #expect(results[5].contains("is a link"))
    #expect(results[6].contains("the Guardian says no"))
    #expect(workspace.changes.isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: secret.path) == ["secret.txt"])
  }

  @Test("what a test deletes is deleted in the copy alone, and told")
  func deletes() throws {
    let folder = try folder(["a.txt": "a\n", "b.txt": "b\n"])
    let workspace = try Workspace(folder.path)
    let (_, _) = try work(
      workspace,
      [
        [("run_command", ["command": "rm b.txt; echo log > made.txt"])],
        [("edit_file", ["path": "a.txt", "old": "a", "new": "c"])],
      ])
    #expect(workspace.leftOut == ["b.txt was deleted", "made.txt was made"])
    try workspace.apply()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a.txt", "b.txt"])
    #expect(try String(contentsOf: folder.appending(path: "a.txt"), encoding: .utf8) == "c\n")
  }

  @Test("a file that has changed in the folder meanwhile is not overwritten")
  func meanwhile() throws {
    let folder = try folder(["a.txt": "a\n"])
    let workspace = try Workspace(folder.path)
    try workspace.write("mine", to: "a.txt")
    try Data("theirs".utf8).write(to: folder.appending(path: "a.txt"))
    #expect(throws: SpudError.self) { try workspace.apply() }
    #expect(try String(contentsOf: folder.appending(path: "a.txt"), encoding: .utf8) == "theirs")
  }

  @Test("a context that is full loses its oldest results, each with a word; one that cannot shrink ends the work")
  func context() throws {
    let workspace = try Workspace(folder(["a.txt": String(repeating: "line of text\n", count: 300)]).path)
    var options = ToolAgent.Options()
    options.contextLength = 9_000
    let read: [[(String, [String: String])]] = (1...6).map { [("read_file", ["path": "a.txt", "first": "\($0)"])] }
    let (report, _) = try work(
      workspace, read.map { step in step.map { ($0.0, ["path": $0.1["path"] ?? ""]) } }, options: options)
    #expect(report.ending == .goesInCircles)
    let model = ScriptedModel((1...6).map { [("search", ["text": "line", "prefix": $0 % 2 == 0 ? "a" : "a.t"])] })
    var agent = ToolAgent(
      model: model, toolbox: CodeTools(workspace, in: try Sandbox()),
      gate: try CodePolicies.gate(PolicySet(parsing: CodePolicies.standard, name: "usual")), options: options)
    #expect(try agent.run("look").ending == .finished)
    #expect(model.seen.contains { text in text.contains("was left out, for it no longer fits") })
    options.contextLength = 300
    agent = ToolAgent(
      model: model, toolbox: CodeTools(workspace, in: try Sandbox()),
      gate: try CodePolicies.gate(PolicySet(parsing: CodePolicies.standard, name: "usual")), options: options)
    #expect(try agent.run(String(repeating: "long ", count: 100)).ending == .contextFull)
  }

  @Test("a server in OpenAI's form is spoken to over loopback, with calls, chunks and errors")
  func chat() throws {
    let server = try StreamSocket.listener(port: 0)
    let port = server.port
    let answers = [
      #"{"choices":[{"message":{"content":null,"tool_calls":[{"id":"c1","type":"function","function":"#
        + #"{"name":"read_file","arguments":"{\"path\":\"a.txt\"}"}}]}}]}"#,
      #"{"choices":[{"message":{"content":"done"}}]}"#,
    ]
    let thread = Thread {
      for (number, answer) in answers.enumerated() {
        guard let connection = server.accept(within: 120) else { return }
        var bytes: [UInt8] = []
        while !String(decoding: bytes, as: UTF8.self).contains("\"temperature\":0") {
          bytes += (try? connection.read(within: 120)) ?? []
        }
        let size = String(answer.utf8.count, radix: 16)
        let text =
          number == 0
          ? "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n\(answer)"
          : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\n\(answer)\r\n0\r\n\r\n"
        try? connection.write(Array(text.utf8), within: 120)
      }
    }
    thread.start()
    var model = try ChatModel(address: "http://127.0.0.1:\(port)/v1", model: "m")
    let first = try model.answer([.user("read")], tools: CodeTool.allCases.map(\.declared))
    #expect(first.calls.map(\.name) == ["read_file"])
    #expect(first.calls[0].arguments["path"] == .string("a.txt"))
    let second = try model.answer([.tool(id: "c1", text: "a")], tools: CodeTool.allCases.map(\.declared))
    #expect(second.text == "done")
    #expect(throws: SpudError.self) { try ChatModel(address: "https://example.org/v1", model: "m") }
  }
}

/// A model that makes the calls of a script, step by step, and keeps what it was told.
final class ScriptedModel: ToolModel {
  private var script: [[(String, [String: String])]]
  private(set) var results: [String] = []
  private(set) var seen: [String] = []

  init(_ script: [[(String, [String: String])]]) { self.script = script }

  func answer(_ messages: [ToolMessage], tools: [DeclaredTool]) throws -> (text: String, calls: [ToolRequest]) {
    let told = messages.compactMap { message in if case .tool(_, let text) = message { text } else { String?.none } }
    seen += told
    if told.count >= results.count { results += told.dropFirst(results.count) }
    guard !script.isEmpty else { return ("done", []) }
    let calls = script.removeFirst().enumerated().map { number, call in
      ToolRequest(
        id: "\(number)", name: call.0,
        arguments: .object(JSONObject(call.1.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) })))
    }
    return ("", calls)
  }
}
