package import SpudTensors

extension JSONValue {
  /// An object of our own, its members in the order of the literal.
  package static func members(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(JSONObject(members.map { ($0.key, $0.value) }))
  }

  /// This object with more members behind its own; those that are nil are left out.
  package func adding(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
    guard let object else { return self }
    let own = object.members.map { ($0.key, $0.value) }
    return .object(JSONObject(own + members.compactMap { member in member.value.map { (member.key, $0) } }))
  }

  /// A text, or null.
  package static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}
