internal import SpudErrors
internal import SpudTensors

/// The keywords of one schema, checked.
struct SchemaKeywords {
  enum Kind: String, CaseIterable {
    case null, boolean, number, integer, string, array, object
  }

  var types: [Kind] = []
  var properties: JSONObject?
  var required: Set<String> = []
  var items: JSONValue?
  var minimumItems = 0
  var maximumItems: Int?
  var minimumLength = 0
  var maximumLength: Int?
  var pattern: String?
  var minimum: Int?
  var maximum: Int?
  var anyOf: [JSONValue]?
  /// The values that `enum` or `const` names.
  var values: [JSONValue]?
  var reference: String?

  /// What only describes.
  private static let annotations: Set = [
    "title", "description", "default", "examples", "$schema", "$id", "$comment", "deprecated", "readOnly", "writeOnly",
    "$defs", "definitions", "strict", "name",
  ]
  /// The keywords that each kind of value has.
  private static let owners: [String: Set<Kind>] = [
    "properties": [.object], "required": [.object], "additionalProperties": [.object], "items": [.array],
    "minItems": [.array], "maxItems": [.array], "minLength": [.string], "maxLength": [.string], "pattern": [.string],
    "format": [.string], "minimum": [.integer, .number], "maximum": [.integer, .number],
    "exclusiveMinimum": [.integer, .number], "exclusiveMaximum": [.integer, .number],
  ]

  init(_ object: JSONObject, _ path: String) throws {
    let constraints = object.members.filter { !Self.annotations.contains($0.key) }
    for name in ["$ref", "anyOf", "enum", "const"] {
      guard object[name] != nil else { continue }
      // `type` beside `enum` only says again what its values are.
      let others = constraints.filter { $0.key != name && !($0.key == "type" && (name == "enum" || name == "const")) }
      if let other = others.first {
        throw SchemaCompiler.fail(path, "has '\(other.key.prefix(40))' beside '\(name)', which is not supported")
      }
    }
    if let type = object["type"] { try read(type: type, path) }
    for member in constraints where member.key != "type" {
      if let owners = Self.owners[member.key], types.allSatisfy({ !owners.contains($0) }) {
        throw SchemaCompiler.fail(path, "has '\(member.key)', but no type that it belongs to")
      }
      try read(member, path)
    }
    try check(path)
  }

  private mutating func read(type: JSONValue, _ path: String) throws {
    let names = type.array ?? [type]
    for name in names {
      guard let text = name.string, let kind = Kind(rawValue: text) else {
        throw SchemaCompiler.fail(
          path, "has a type that is none of \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      if !types.contains(kind) { types.append(kind) }
    }
    guard !types.isEmpty else { throw SchemaCompiler.fail(path, "has an empty list of types") }
    // Every integer is a number, and two ways to spell it would be one too many.
    if types.contains(.number) { types.removeAll { $0 == .integer } }
  }

  private mutating func read(_ member: JSONObject.Member, _ path: String) throws {
    let (key, value) = (member.key, member.value)
    func count() throws -> Int {
      guard let count = value.int, (0...SchemaCompiler.countLimit).contains(count) else {
        throw SchemaCompiler.fail(path, "has a '\(key)' that is no integer from 0 to \(SchemaCompiler.countLimit)")
      }
      return count
    }
    switch key {
    case "properties":
      guard let object = value.object else { throw SchemaCompiler.fail(path, "has 'properties' that are no object") }
      guard object.count <= SchemaCompiler.countLimit else {
        throw SchemaCompiler.fail(path, "has more than \(SchemaCompiler.countLimit) properties")
      }
      properties = object
    case "required":
      guard let names = value.array, names.allSatisfy({ $0.string != nil }) else {
        throw SchemaCompiler.fail(path, "has 'required' that is no list of names")
      }
      required = Set(names.compactMap(\.string))
    case "additionalProperties":
      guard value.bool == false else {
        throw SchemaCompiler.fail(path, "has 'additionalProperties' that is not false, which is not supported")
      }
      if properties == nil { properties = JSONObject() }
    case "items": items = value
    case "minItems": minimumItems = try count()
    case "maxItems": maximumItems = try count()
    case "minLength": minimumLength = try count()
    case "maxLength": maximumLength = try count()
    case "pattern":
      guard let text = value.string else { throw SchemaCompiler.fail(path, "has a pattern that is no string") }
      pattern = text
    case "format": try read(format: value, path)
    case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum": try read(bound: key, value, path)
    case "anyOf":
      guard let choices = value.array, !choices.isEmpty, choices.count <= SchemaCompiler.countLimit else {
        throw SchemaCompiler.fail(path, "has 'anyOf' that is no list of 1 to \(SchemaCompiler.countLimit) schemas")
      }
      anyOf = choices
    case "enum":
      guard let list = value.array, !list.isEmpty, list.count <= SchemaCompiler.countLimit else {
        throw SchemaCompiler.fail(path, "has 'enum' that is no list of 1 to \(SchemaCompiler.countLimit) values")
      }
      values = list
    case "const": values = [value]
    case "$ref":
      guard let target = value.string else { throw SchemaCompiler.fail(path, "has a '$ref' that is no string") }
      reference = target
    default: throw SchemaCompiler.fail(path, "has '\(key.prefix(40))', which is not supported")
    }
  }

  private mutating func read(format: JSONValue, _ path: String) throws {
    guard let name = format.string, let known = PatternCompiler.formats[name] else {
      throw SchemaCompiler.fail(path, "has the format '\(format.string?.prefix(40) ?? "")', which is not supported")
    }
    guard pattern == nil else {
      throw SchemaCompiler.fail(path, "has both a pattern and a format, which is not supported")
    }
    pattern = known
  }

  private mutating func read(bound key: String, _ value: JSONValue, _ path: String) throws {
    guard types.contains(.integer) else {
      throw SchemaCompiler.fail(path, "bounds numbers that are no integers, which is not supported")
    }
    guard let bound = value.int, bound.magnitude < 1 << 62 else {
      throw SchemaCompiler.fail(path, "has a '\(key)' that is no integer of 62 bits")
    }
    switch key {
    case "minimum": minimum = max(minimum ?? bound, bound)
    case "exclusiveMinimum": minimum = max(minimum ?? .min, bound + 1)
    case "maximum": maximum = min(maximum ?? bound, bound)
    default: maximum = min(maximum ?? .max, bound - 1)
    }
  }

  private func check(_ path: String) throws {
    if let minimum, let maximum, minimum > maximum {
      throw SchemaCompiler.fail(path, "has bounds that no integer meets")
    }
    if let maximumItems, minimumItems > maximumItems {
      throw SchemaCompiler.fail(path, "has bounds that no list meets")
    }
    if let maximumLength, minimumLength > maximumLength {
      throw SchemaCompiler.fail(path, "has bounds that no string meets")
    }
    if pattern != nil, minimumLength > 0 || maximumLength != nil {
      throw SchemaCompiler.fail(path, "has a pattern or a format beside a length, which is not supported")
    }
    for name in required where properties?[name] == nil {
      throw SchemaCompiler.fail(path, "requires '\(name.prefix(80))', which is none of its properties")
    }
    // A value that the type forbids would never come.
    if let values, !types.isEmpty, let odd = values.first(where: { value in !types.contains { $0.holds(value) } }) {
      throw SchemaCompiler.fail(path, "names \(odd.kind) as a value, but is of another type")
    }
  }
}

extension SchemaKeywords.Kind {
  /// Whether a value is of this type.
  func holds(_ value: JSONValue) -> Bool {
    switch (self, value) {
    case (.null, .null), (.boolean, .bool), (.number, .number), (.string, .string), (.array, .array),
      (.object, .object):
      true
    case (.integer, .number): value.int != nil
    default: false
    }
  }
}
