internal import SpudErrors
internal import SpudTensors

/// Reads the members of a JSON object whose shape a file format fixes; a wrong one is an error that names it.
struct JSONObjectReader {
  /// The file, as messages name it.
  let name: String
  /// Where in the file the object is.
  let path: String
  private let value: JSONObject

  init(_ value: JSONValue, name: String, path: String) throws {
    guard let object = value.object else {
      throw SpudError(.badData, "\(name): \(path) is \(value.kind), expected an object")
    }
    self.name = name
    self.path = path
    self.value = object
  }

  func wrong(_ key: String, expected: String) -> SpudError {
    let found =
      switch value[key] {
      case nil: "is missing"
      case let member? where member.string != nil: "is \"\((member.string ?? "").prefix(60))\""
      case let member?: "is \(member.kind)"
      }
    return SpudError(.badData, "\(name): \"\(key)\" of \(path) \(found), expected \(expected)")
  }

  /// The member, unless it is missing or null.
  private func member(_ key: String) -> JSONValue? {
    guard let member = value[key], !member.isNull else { return nil }
    return member
  }

  private func optional<Value>(_ key: String, _ kind: String, _ read: (JSONValue) -> Value?) throws -> Value? {
    guard let member = member(key) else { return nil }
    guard let result = read(member) else { throw wrong(key, expected: kind) }
    return result
  }

  private func required<Value>(_ key: String, _ kind: String, _ found: Value?) throws -> Value {
    guard let found else { throw wrong(key, expected: kind) }
    return found
  }

  func optionalString(_ key: String) throws -> String? { try optional(key, "a string", \.string) }
  func optionalInteger(_ key: String) throws -> Int? { try optional(key, "a whole number", \.int) }
  func optionalNumber(_ key: String) throws -> Double? { try optional(key, "a number", \.double) }
  func optionalBool(_ key: String) throws -> Bool? { try optional(key, "true or false", \.bool) }
  func optionalArray(_ key: String) throws -> [JSONValue]? { try optional(key, "an array", \.array) }
  func optionalObject(_ key: String) throws -> JSONObjectReader? {
    try member(key).map { try JSONObjectReader($0, name: name, path: "\"\(key)\"") }
  }

  func string(_ key: String) throws -> String { try required(key, "a string", optionalString(key)) }
  func integer(_ key: String) throws -> Int { try required(key, "a whole number", optionalInteger(key)) }
  func array(_ key: String) throws -> [JSONValue] { try required(key, "an array", optionalArray(key)) }
  func object(_ key: String) throws -> JSONObjectReader { try required(key, "an object", optionalObject(key)) }
  func objects(_ key: String) throws -> [JSONObjectReader] {
    try array(key).map { try JSONObjectReader($0, name: name, path: "\"\(key)\"") }
  }

  /// The members of the object at `key`, in the order of the file.
  func members(_ key: String) throws -> [JSONObject.Member] {
    try required(key, "an object", optional(key, "an object", \.object?.members))
  }
}
