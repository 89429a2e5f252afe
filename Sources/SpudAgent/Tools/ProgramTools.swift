internal import Foundation
package import SpudBrowser
internal import SpudErrors
package import SpudGuardian
package import SpudTensors

/// Tools that a file declares, each a program: it is given the arguments as one JSON object on its standard input, in a
/// sandbox, and what it writes is the result.
///
/// The file: `[{"name": …, "description": …, "parameters": {a JSON schema}, "command": ["/usr/bin/…", …]}, …]`.
package struct ProgramTools: Toolbox {
  package let tools: [DeclaredTool]
  private let commands: [String: [String]]
  private let folder: Sandbox.Folder
  private let sandbox: Sandbox
  /// Seconds and bytes that a call has.
  package var seconds = 60.0
  package var outputBytes = 1 << 20

  static let inside = "/tools"

  /// - Parameters:
  ///   - path: of the file; the programs see its folder as `/tools`, and cannot write there.
  /// - Throws: `noInput` where it cannot be read, `badData` where it declares no tools.
  package init(contentsOf path: String, in sandbox: Sandbox) throws {
    let file = URL(filePath: path).resolvingSymlinksInPath()
    guard let bytes = try? Data(contentsOf: file) else { throw SpudError(.noInput, "\(path): cannot be read") }
    guard let list = try JSONValue(parsing: Array(bytes), name: path).array, !list.isEmpty else {
      throw SpudError(.badData, "\(path): expected a list of tools")
    }
    var tools: [DeclaredTool] = []
    var commands: [String: [String]] = [:]
    for item in list {
      guard let name = item["name"]?.string, !name.isEmpty, let parameters = item["parameters"],
        parameters["type"]?.string == "object", let command = item["command"]?.array?.map(\.string),
        let first = command.first ?? nil, first.hasPrefix("/"), command.allSatisfy({ $0 != nil })
      else {
        throw SpudError(
          .badData,
          "\(path): tool \(tools.count + 1) needs a name, parameters of type object, and a command whose first part "
            + "is an absolute path")
      }
      guard commands.updateValue(command.compactMap { $0 }, forKey: name) == nil else {
        throw SpudError(.badData, "\(path): there are two tools '\(name)'")
      }
      tools.append(
        DeclaredTool(name: name, description: item["description"]?.string ?? "", parameters: parameters))
    }
    (self.tools, self.commands, self.sandbox) = (tools, commands, sandbox)
    folder = Sandbox.Folder(file.deletingLastPathComponent().path, as: Self.inside)
  }

  package var instructions: String { MCPTools.words }

  package func proposal(_ name: String, _ arguments: JSONObject) -> Proposal {
    Proposal(
      action: name, target: "", effect: .init(name: name, values: values(arguments)), seen: Fingerprint(of: ""))
  }

  package func run(
    _ name: String, _ arguments: JSONObject, as proposal: Proposal, past gate: ActionGate
  ) -> String {
    guard let command = commands[name] else { return "error: there is no tool '\(name)'" }
    return claimed(proposal, seen: proposal.seen, past: gate) {
      do {
        let result = try SandboxedProgram(
          sandbox, run: command, folders: [folder], directory: Self.inside,
          input: JSONValue.object(arguments).serialized,
          seconds: seconds, outputBytes: outputBytes
        ).result()
        return result.ending == .exited(0) ? result.output : "error: \(result.ending)\n\(result.output)"
      } catch {
        return "error: \(error)"
      }
    }
  }
}
