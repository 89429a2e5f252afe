internal import SpudTensors

/// A tool that works on the workspace.
package enum CodeTool: String, CaseIterable, Sendable {
  case listFiles = "list_files"
  case readFile = "read_file"
  case search
  case editFile = "edit_file"
  case writeFile = "write_file"
  case runCommand = "run_command"

  package var description: String {
    switch self {
    case .listFiles: "List the files whose paths begin with a prefix."
    case .readFile: "Read lines of a text file."
    case .search: "Find the lines that contain a text, in files whose paths begin with a prefix."
    case .editFile: "Replace a text in a file by another. The old text must stand there exactly once."
    case .writeFile: "Write a new text file."
    case .runCommand: "Run a command in the workspace, without a network, for at most 60 seconds."
    }
  }

  /// The parameters: name, type, and whether it must be given.
  package var parameters: [(name: String, type: String, isRequired: Bool)] {
    switch self {
    case .listFiles: [("prefix", "string", false)]
    case .readFile: [("path", "string", true), ("first", "integer", false), ("count", "integer", false)]
    case .search: [("text", "string", true), ("prefix", "string", false)]
    case .editFile: [("path", "string", true), ("old", "string", true), ("new", "string", true)]
    case .writeFile: [("path", "string", true), ("text", "string", true)]
    case .runCommand: [("command", "string", true)]
    }
  }

  /// Whether it may change something.
  var changes: Bool { self == .editFile || self == .writeFile || self == .runCommand }

  /// The tool as a model is told of it.
  package var declared: DeclaredTool {
    func object(_ members: [(String, JSONValue)]) -> JSONValue { .object(JSONObject(members)) }
    let properties = parameters.map { ($0.name, object([("type", .string($0.type))])) }
    let required = parameters.filter(\.isRequired).map { JSONValue.string($0.name) }
    return DeclaredTool(
      name: rawValue, description: description,
      parameters: object([
        ("type", .string("object")), ("properties", object(properties)), ("required", .array(required)),
        ("additionalProperties", .bool(false)),
      ]))
  }
}
