internal import SpudErrors
internal import SpudSupport
package import SpudTensors

/// The log of a run: a line of JSON for each action, with secrets masked; it can be played again.
package final class AgentLog {
  private let secrets: [String]
  private let write: ((String) -> Void)?
  package private(set) var lines: [JSONValue] = []

  /// - Parameters:
  ///   - secrets: texts that must not stand in it; of two characters at least.
  ///   - write: takes each line as it is made.
  package init(secrets: [String] = [], write: ((String) -> Void)? = nil) {
    // Longer ones first: one may be within another.
    self.secrets = secrets.filter { $0.count > 1 }.sorted { $0.count > $1.count }
    self.write = write
  }

  package func add(_ members: [(String, JSONValue)]) {
    let line = JSONValue.object(JSONObject([("n", .number(lines.count))] + members.map { ($0, masked($1)) }))
    lines.append(line)
    write?(String(decoding: line.serialized, as: UTF8.self))
  }

  private func masked(_ value: JSONValue) -> JSONValue {
    switch value {
    case .string(let text): .string(secrets.reduce(text) { $0.replacing($1, with: "•••") })
    case .array(let items): .array(items.map(masked))
    case .object(let object): .object(JSONObject(object.members.map { ($0.key, masked($0.value)) }))
    default: value
    }
  }
}
