import Foundation
import SpudBrowser
import SpudErrors
import SpudGuardian
import SpudTensors
import Testing

@testable import SpudAgent

@Suite("What work on code must not do", .enabled(if: Installed.sandbox))
final class CodeSafetyTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "spud-safety-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: folder) }

  private func put(_ text: String, at path: String) throws {
    let url = folder.appending(path: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  private func text(_ path: String) throws -> String {
    try String(contentsOf: folder.appending(path: path), encoding: .utf8)
  }

  private func results(_ workspace: Workspace, _ calls: [(String, [String: String])], policies: String) throws
    -> [String]
  {
    let gate = try CodePolicies.gate(PolicySet(parsing: policies, name: "policies"))
    let model = ScriptedModel([calls])
    var agent = ToolAgent(model: model, toolbox: CodeTools(workspace, in: try Sandbox()), gate: gate)
    _ = try agent.run("work")
    return model.results
  }

  @Test("nothing is written through a folder that is a link in the original")
  func linkedFolder() throws {
    try put("a", at: "work/a.txt")
    try put("b", at: "outside/b.txt")
    let link = folder.appending(path: "work/link")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: folder.appending(path: "outside"))
    let workspace = try Workspace(folder.appending(path: "work").path)
    let told = try results(
      workspace, [("write_file", ["path": "link/new.txt", "text": "x"])], policies: CodePolicies.standard)
    #expect(told[0].contains("is a link"))
    // One that became a link while the copy was worked on.
    try workspace.write("x", to: "later/new.txt")
    try FileManager.default.createSymbolicLink(
      at: folder.appending(path: "work/later"), withDestinationURL: folder.appending(path: "outside"))
    #expect(throws: SpudError.self) { try workspace.apply() }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "outside").path) == ["b.txt"])
  }

  @Test(
    "policies see the path that is meant",
    arguments: ["Tests/t.py", "./Tests/t.py", "/workspace/Tests//t.py", "Tests/t.py/"])
  func spelledOtherwise(path: String) throws {
    try put("one", at: "Tests/t.py")
    let workspace = try Workspace(folder.path)
    let policies = """
      permit (principal, action, resource);
      forbid (principal, action == Action::"edit_file", resource) when { context.input.path like "Tests/*" };
      """
    let told = try results(workspace, [("edit_file", ["path": path, "old": "one", "new": "two"])], policies: policies)
    #expect(told[0].contains("the Guardian says no"))
    #expect(workspace.changes.isEmpty)
  }

  @Test(
    "keys and git's files are not written, however they are spelled", arguments: ["a.key/", "./a.env/.", "sub/.git"])
  func usualPolicies(path: String) throws {
    let workspace = try Workspace(folder.path)
    let told = try results(
      workspace, [("write_file", ["path": path, "text": "x"])], policies: CodePolicies.standard)
    #expect(told[0].contains("the Guardian says no"))
  }

  @Test("a file keeps its permissions")
  func permissions() throws {
    try put("echo one\n", at: "run.sh")
    let path = folder.appending(path: "run.sh").path
    try FileManager.default.setAttributes([.posixPermissions: 0o750], ofItemAtPath: path)
    let workspace = try Workspace(folder.path)
    try workspace.write("echo two\n", to: "run.sh")
    try workspace.apply()
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o750)
    #expect(try text("run.sh") == "echo two\n")
  }

  @Test("either all changes reach the folder or none")
  func allOrNone() throws {
    try put("one\n", at: "a.txt")
    let workspace = try Workspace(folder.path)
    try workspace.write("two\n", to: "a.txt")
    try workspace.write("new", to: "b.txt")
    try workspace.write("new", to: "c/d.txt")
    try put("in the way", at: "c")
    let error = #expect(throws: SpudError.self) { try workspace.apply() }
    #expect(error?.message.contains("nothing was changed") == true)
    #expect(try text("a.txt") == "one\n")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a.txt", "c"])
  }

  @Test("what is spelled with other bytes is different, and a written file that is gone again is told")
  func told() throws {
    try put("caf\u{E9}\n", at: "a.txt")
    let workspace = try Workspace(folder.path)
    try workspace.write("cafe\u{301}\n", to: "a.txt")
    try workspace.write("x", to: "b.txt")
    try FileManager.default.removeItem(at: workspace.copy.appending(path: "b.txt"))
    #expect(workspace.changes.map(\.path) == ["a.txt"])
    #expect(workspace.leftOut == ["b.txt was deleted again"])
  }

  @Test("a difference of long texts is shown soon, and a path cannot look like a line of it")
  func difference() {
    let change = Workspace.Change(
      path: "a\n+++ b", before: "same\n" + (0..<20_000).map { "old \($0)\n" }.joined(),
      after: "same\n" + (0..<20_000).map { "new \($0)\n" }.joined(), isNew: false)
    let lines = LineDifference.text(change).split(separator: "\n")
    #expect(lines.prefix(4) == ["--- a\u{FFFD}+++ b", "+++ a\u{FFFD}+++ b", "@@ line 1", " same"])
    #expect(lines.count { $0.hasPrefix("-old") } == 20_000 && lines.count { $0.hasPrefix("+new") } == 20_000)
  }

  @Test("answers that are cut or empty are no good end", arguments: [true, false])
  func cut(isCut: Bool) throws {
    struct Model: ToolModel {
      let isCut: Bool
      func answer(_: [ToolMessage], tools: [DeclaredTool]) throws -> (text: String, calls: [ToolRequest]) {
        guard isCut else { return (" \n", []) }
        throw AnswerCut(text: "I was about")
      }
    }
    let gate = try CodePolicies.gate(PolicySet(parsing: CodePolicies.standard, name: "usual"))
    var agent = ToolAgent(
      model: Model(isCut: isCut), toolbox: CodeTools(try Workspace(folder.path), in: try Sandbox()), gate: gate)
    let report = try agent.run("work")
    #expect(report.ending == (isCut ? .cut : .empty) && report.text == (isCut ? "I was about" : " \n"))
  }

  @Test("a person ends a command before its time")
  func interrupted() throws {
    var tools = CodeTools(try Workspace(folder.path), in: try Sandbox())
    tools.isInterrupted = { true }
    let gate = try CodePolicies.gate(PolicySet(parsing: CodePolicies.standard, name: "usual"))
    let arguments = JSONObject([("command", .string("sleep 1000"))])
    let proposal = tools.proposal("run_command", arguments)
    #expect(gate.propose(proposal).isAllowed)
    #expect(tools.run("run_command", arguments, as: proposal, past: gate).hasPrefix("ended, for a person asked"))
  }

  @Test("an answer of HTTP is whole when it is as long as it says")
  func http() throws {
    func bytes(_ text: String) -> [UInt8] { Array(text.replacing("\n", with: "\r\n").utf8) }
    let sized = bytes("HTTP/1.1 200 OK\nContent-Length: 2\n\n{}")
    #expect(try HTTPAnswer(sized + [65], isClosed: false)?.body == Array("{}".utf8))
    #expect(try HTTPAnswer(Array(sized.dropLast()), isClosed: false) == nil)
    #expect(throws: SpudError.self) { try HTTPAnswer(Array(sized.dropLast()), isClosed: true) }
    let chunked = bytes("HTTP/1.1 503 no\nTransfer-Encoding: Chunked\n\n2\n{}\n0\n\n")
    #expect(try HTTPAnswer(chunked, isClosed: false).map { [$0.status, $0.body.count] } == [503, 2])
    #expect(try HTTPAnswer(Array(chunked.dropLast(6)), isClosed: false) == nil)
    #expect(throws: SpudError.self) { try HTTPAnswer(Array(chunked.dropLast(6)), isClosed: true) }
    let endless = bytes("HTTP/1.0 200 OK\n\n{}")
    #expect(try HTTPAnswer(endless, isClosed: false) == nil)
    #expect(try HTTPAnswer(endless, isClosed: true)?.body.count == 2)
    #expect(throws: SpudError.self) { try HTTPAnswer(bytes("nonsense\n\n"), isClosed: false) }
  }
}
