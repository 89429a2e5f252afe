internal import SpudTensors

extension JSONValue {
  /// An object, as a literal of ours would have it.
  static func members(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(JSONObject(members.map { ($0.key, $0.value) }))
  }
}
