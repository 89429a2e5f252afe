/// One JSON value, as strict as RFC 8259 allows: every JSON file that we read passes through here.
///
/// - Note: Numbers keep their spelling, so nothing is rounded before the caller says which type it wants.
@frozen
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// The number exactly as it is spelled in the file, checked against JSON's grammar.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

extension JSONValue {
  package var isNull: Bool { self == .null }

  package var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The number as an integer; nil when it is no number, has a fraction or does not fit.
  /// `1e3` and `8.0` are integers too: some exporters write them so.
  package var int: Int? {
    guard case .number(let text) = self else { return nil }
    if let value = Int(text) { return value }
    // Doubles of 2⁵³ and above have lost their last bits, so they prove nothing about an integer.
    guard let value = Double(text), value.magnitude < 9_007_199_254_740_992 else { return nil }
    return Int(exactly: value)
  }

  /// The number as the nearest double; nil when it is no number or is out of a double's range.
  package var double: Double? {
    guard case .number(let text) = self, let value = Double(text), value.isFinite else { return nil }
    return value
  }

  package var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  package var array: [JSONValue]? {
    if case .array(let value) = self { value } else { nil }
  }

  package var object: JSONObject? {
    if case .object(let value) = self { value } else { nil }
  }

  /// The member of this object that is called `key`; nil when there is none, or this is no object.
  package subscript(key: String) -> JSONValue? { object?[key] }

  /// What this is, as an error message would say it.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
