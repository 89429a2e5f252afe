internal import SpudErrors
internal import SpudTensors

/// Reads typed, bounded values from a configuration, and says what was wrong with one that is not.
///
/// A key that is missing or null is absent; a key that is there must have the right type and lie in its range.
struct ConfigurationReader {
  /// The file, for errors.
  let file: String
  let object: JSONObject

  init(_ json: JSONValue, file: String) throws {
    guard let object = json.object else {
      throw SpudError(.badData, "\(file): is \(json.kind), but an object of settings was expected")
    }
    self.file = file
    self.object = object
  }

  init(contentsOf path: String) throws {
    try self.init(JSONValue(contentsOf: path, limit: 16 << 20), file: path)
  }

  /// The first of `keys` that is there and not null. Versions of one format spell some keys differently.
  private func find(_ keys: [String]) -> (key: String, value: JSONValue)? {
    for key in keys {
      if let value = object[key], !value.isNull { return (key, value) }
    }
    return nil
  }

  func has(_ key: String) -> Bool { find([key]) != nil }

  func optionalInt(_ keys: String..., in range: ClosedRange<Int>) throws -> Int? {
    guard let (key, value) = find(keys) else { return nil }
    guard let int = value.int, range.contains(int) else {
      throw wrong(key, value, "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return int
  }

  func int(_ keys: String..., in range: ClosedRange<Int>) throws -> Int { try int(keys, in: range) }

  func int(_ keys: [String], in range: ClosedRange<Int>) throws -> Int {
    for key in keys {
      if let value = try optionalInt(key, in: range) { return value }
    }
    throw SpudError(
      .badData, "\(file): has no '\(keys.joined(separator: "' or '"))', which the model's shape depends on")
  }

  func optionalDouble(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
    guard let (key, value) = find([key]) else { return nil }
    guard let double = value.double, range.contains(double) else {
      throw wrong(key, value, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return double
  }

  func optionalBool(_ key: String) throws -> Bool? {
    guard let (key, value) = find([key]) else { return nil }
    guard let bool = value.bool else { throw wrong(key, value, "true or false") }
    return bool
  }

  func optionalString(_ key: String) throws -> String? {
    guard let (key, value) = find([key]) else { return nil }
    guard let string = value.string else { throw wrong(key, value, "a string") }
    return string
  }

  /// A word of a closed set; anything else is refused, with the choices.
  func choice<Choice>(_ keys: String..., default fallback: Choice?) throws -> Choice
  where Choice: RawRepresentable<String> & CaseIterable {
    let choices = Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    guard let (key, value) = find(keys) else {
      if let fallback { return fallback }
      throw SpudError(.badData, "\(file): has no '\(keys.first ?? "")', which must be one of \(choices)")
    }
    guard let string = value.string, let choice = Choice(rawValue: string) else {
      throw wrong(key, value, "one of \(choices)")
    }
    return choice
  }

  func optionalObject(_ key: String) throws -> ConfigurationReader? {
    guard let (key, value) = find([key]) else { return nil }
    guard value.object != nil else { throw wrong(key, value, "an object") }
    return try ConfigurationReader(value, file: "\(file): '\(key)'")
  }

  func optionalInts(_ key: String, in range: ClosedRange<Int>) throws -> [Int]? {
    guard let (key, value) = find([key]) else { return nil }
    let ints = value.array?.compactMap(\.int).filter(range.contains)
    guard let ints, ints.count == value.array?.count else {
      throw wrong(key, value, "a list of integers from \(range.lowerBound) to \(range.upperBound)")
    }
    return ints
  }

  func optionalStrings(_ key: String) throws -> [String]? {
    guard let (key, value) = find([key]) else { return nil }
    let strings = value.array?.compactMap(\.string)
    guard let strings, strings.count == value.array?.count else { throw wrong(key, value, "a list of strings") }
    return strings
  }

  func optionalDoubles(_ key: String, in range: ClosedRange<Double>) throws -> [Double]? {
    guard let (key, value) = find([key]) else { return nil }
    let numbers = value.array?.compactMap(\.double).filter(range.contains)
    guard let numbers, numbers.count == value.array?.count else {
      throw wrong(key, value, "a list of numbers from \(range.lowerBound) to \(range.upperBound)")
    }
    return numbers
  }

  /// One token id, a list of them, or none.
  func tokens(_ key: String, vocabularyCount: Int) throws -> [Int32] {
    guard let (key, value) = find([key]) else { return [] }
    // −1 is how some exporters say "none"; padding may lie outside what the model can write.
    let values = value.array ?? [value]
    let ids = values.compactMap(\.int)
    guard ids.count == values.count, ids.allSatisfy({ $0 >= -1 && $0 <= Int(Int32.max) }) else {
      throw wrong(key, value, "a token id or a list of them")
    }
    return ids.filter { $0 >= 0 && $0 < vocabularyCount }.map(Int32.init)
  }

  func wrong(_ key: String, _ value: JSONValue, _ expected: String) -> SpudError {
    SpudError(.badData, "\(file): '\(key)' is \(Self.excerpt(of: value)), but \(expected) was expected")
  }

  private static func excerpt(of value: JSONValue) -> String {
    let text = String(decoding: value.serialized.prefix(60), as: UTF8.self)
    return text.utf8.count >= 60 ? "\(text)…" : text
  }
}
