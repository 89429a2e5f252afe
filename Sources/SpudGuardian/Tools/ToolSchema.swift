internal import SpudErrors
package import SpudTensors

/// A tool as an agent is told of it: its name, what it does, and what it takes.
package struct ToolSchema: Sendable {
  package struct Parameter: Sendable {
    package enum Kind: String, Sendable {
      case string, integer, number, boolean, array, object
    }

    package let name: String
    package let description: String
    /// What the schema says; a parameter that may be null too has the other type.
    package let kind: Kind
    package let isRequired: Bool
  }

  package let name: String
  package let description: String
  package let parameters: [Parameter]

  /// Reads an object with `name`, `description` and `parameters` (or `inputSchema`), the last in JSON Schema, as
  /// OpenAI's interface and MCP have it.
  package init(json: JSONValue, source: String) throws {
    guard let name = json["name"]?.string else { throw SpudError(.badData, "\(source): a tool without a name") }
    let schema = json["parameters"] ?? json["inputSchema"] ?? .object(.init())
    let required = (schema["required"]?.array ?? []).compactMap(\.string)
    self.name = name
    description = json["description"]?.string ?? ""
    parameters = (schema["properties"]?.object?.members ?? []).map { member in
      Parameter(
        name: member.key, description: member.value["description"]?.string ?? "", kind: Self.kind(of: member.value),
        isRequired: required.contains(member.key))
    }
  }

  package subscript(parameter: String) -> Parameter? { parameters.first { $0.name == parameter } }

  private static func kind(of schema: JSONValue) -> Parameter.Kind {
    let choices = [schema] + (schema["anyOf"]?.array ?? [])
    return choices.lazy.compactMap { $0["type"]?.string.flatMap(Parameter.Kind.init(rawValue:)) }.first ?? .string
  }
}
