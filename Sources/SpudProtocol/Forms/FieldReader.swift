internal import SpudTensors

/// Reads the fields of a request, each with its kind and its bounds.
struct FieldReader {
  let object: JSONObject
  /// Where the object is in the request: `messages[2].`, say.
  var path = ""

  /// A field; nil if it is not there or null.
  func value(_ name: String) -> JSONValue? {
    guard let value = object[name], !value.isNull else { return nil }
    return value
  }

  func fail(_ name: String, _ what: String) -> APIError {
    .invalid("'\(path)\(name)' \(what)", parameter: path + name)
  }

  func required(_ name: String) throws -> JSONValue {
    guard let value = value(name) else {
      throw APIError(400, "'\(path)\(name)' is missing", parameter: path + name, code: "missing_required_parameter")
    }
    return value
  }

  func string(_ name: String) throws -> String? {
    guard let value = value(name) else { return nil }
    guard let text = value.string else { throw fail(name, "is \(value.kind), but must be a string") }
    return text
  }

  func bool(_ name: String) throws -> Bool? {
    guard let value = value(name) else { return nil }
    guard let bool = value.bool else { throw fail(name, "is \(value.kind), but must be a boolean") }
    return bool
  }

  func int(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let value = value(name) else { return nil }
    guard let number = value.int, range.contains(number) else {
      throw fail(name, "must be an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func double(_ name: String, in range: ClosedRange<Double>) throws -> Double? {
    guard let value = value(name) else { return nil }
    guard let number = value.double, range.contains(number) else {
      throw fail(name, "must be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func array(_ name: String, limit: Int) throws -> [JSONValue]? {
    guard let value = value(name) else { return nil }
    guard let items = value.array else { throw fail(name, "is \(value.kind), but must be a list") }
    guard items.count <= limit else { throw fail(name, "has \(items.count) items, but the limit is \(limit)") }
    return items
  }

  func object(_ name: String) throws -> FieldReader? {
    guard let value = value(name) else { return nil }
    guard let object = value.object else { throw fail(name, "is \(value.kind), but must be an object") }
    return FieldReader(object: object, path: "\(path)\(name).")
  }

  func choice(_ name: String, of choices: [String]) throws -> String? {
    guard let text = try string(name) else { return nil }
    guard choices.contains(text) else {
      throw fail(name, "is '\(text.prefix(40))', but must be one of \(choices.joined(separator: ", "))")
    }
    return text
  }
}
