internal import SpudErrors
internal import SpudTensors

/// Compiles a JSON Schema, as far as OpenAI's structured outputs go, to a grammar.
///
/// Members of an object stand in the order of `properties`. Anything that is not supported is refused with its path:
/// output that is only half as constrained as asked for would be worse than none.
struct SchemaCompiler {
  static let byteLimit = 64 << 10
  static let depthLimit = 32
  static let nodeLimit = 200_000
  static let countLimit = 1000

  private let document: JSONValue
  private var grammar = Grammar()
  private var ruleNumbers: [String: Int] = [:]
  private var rulePaths: [Int: String] = [:]
  private var anything: (value: Grammar.NodeID, object: Grammar.NodeID)?
  private var depth = 0

  private init(_ document: JSONValue) { self.document = document }

  /// - Throws: `SpudError.badData`, naming the path within the schema.
  static func compile(_ schema: JSONValue) throws -> Grammar {
    var compiler = Self(schema)
    compiler.grammar.root = try compiler.rule(for: "#", schema)
    if let rule = compiler.grammar.emptyCycle() ?? compiler.grammar.settleDepths().first {
      throw fail(compiler.rulePaths[rule] ?? "#", "refers to itself without an end")
    }
    guard compiler.grammar.minimumDepths[0] <= Automaton.depthLimit else {
      throw fail("#", "has only values whose references go deeper than \(Automaton.depthLimit)")
    }
    return compiler.grammar
  }

  /// Any JSON object.
  static func anyObject() -> Grammar {
    var grammar = Grammar()
    grammar.root = grammar.anyValue().object
    _ = grammar.settleDepths()
    return grammar
  }

  /// A schema that may be referred to, compiled once.
  private mutating func rule(for path: String, _ schema: JSONValue) throws -> Grammar.NodeID {
    if let number = ruleNumbers[path] { return grammar.add(.rule(number)) }
    let number = grammar.rules.count
    ruleNumbers[path] = number
    rulePaths[number] = path
    grammar.rules.append(nil)
    let node = try node(schema, path)
    grammar.rules[number] = node
    return grammar.add(.rule(number))
  }

  private mutating func node(_ schema: JSONValue, _ path: String) throws -> Grammar.NodeID {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw Self.fail(path, "is nested deeper than \(Self.depthLimit)") }
    guard grammar.nodes.count <= Self.nodeLimit else { throw Self.fail(path, "makes the schema too large") }
    if schema.bool == true { return anyValue().value }
    guard let object = schema.object else { throw Self.fail(path, "is \(schema.kind), but must be an object") }
    let keywords = try SchemaKeywords(object, path)
    if let reference = keywords.reference { return try self.reference(reference, path) }
    if let choices = keywords.anyOf {
      var nodes: [Grammar.NodeID] = []
      for (index, choice) in choices.enumerated() { nodes.append(try node(choice, "\(path)/anyOf/\(index)")) }
      return grammar.choice(nodes)
    }
    if let values = keywords.values {
      return grammar.choice(values.map { grammar.value($0) })
    }
    if keywords.types.isEmpty { return anyValue().value }
    return grammar.choice(try keywords.types.map { try node(ofType: $0, keywords, path) })
  }

  private mutating func reference(_ target: String, _ path: String) throws -> Grammar.NodeID {
    guard target.hasPrefix("#") else { throw Self.fail(path, "refers to '\(target.prefix(80))', outside the schema") }
    var value = document
    for part in target.dropFirst().split(separator: "/") {
      let key = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
      let item = value.array.flatMap { items in Int(key).flatMap { items.indices.contains($0) ? items[$0] : nil } }
      guard let next = value[key] ?? item else {
        throw Self.fail(path, "refers to '\(target.prefix(80))', which the schema does not have")
      }
      value = next
    }
    return try rule(for: target == "#/" ? "#" : target, value)
  }

  private mutating func node(
    ofType type: SchemaKeywords.Kind, _ keywords: SchemaKeywords, _ path: String
  ) throws -> Grammar.NodeID {
    switch type {
    case .null: return grammar.text("null")
    case .boolean: return grammar.choice([grammar.text("true"), grammar.text("false")])
    case .number: return grammar.number()
    case .integer:
      if keywords.minimum == nil, keywords.maximum == nil { return grammar.integer() }
      return grammar.integers(from: keywords.minimum, to: keywords.maximum)
    case .string: return try string(keywords, path)
    case .array:
      let item = try keywords.items.map { try node($0, path + "/items") } ?? anyValue().value
      return grammar.array(
        of: item, minimum: Int32(keywords.minimumItems), limit: keywords.maximumItems.map { Int32($0) })
    case .object:
      guard let properties = keywords.properties else { return anyValue().object }
      var members: [Grammar.Member] = []
      for property in properties.members {
        let value = try node(property.value, "\(path)/properties/\(Self.escaped(property.key))")
        members.append(.init(key: property.key, value: value, isRequired: keywords.required.contains(property.key)))
      }
      return grammar.object(members)
    }
  }

  private mutating func string(_ keywords: SchemaKeywords, _ path: String) throws -> Grammar.NodeID {
    if let pattern = keywords.pattern {
      let node = try PatternCompiler.node(of: pattern, in: &grammar, path: path)
      return grammar.sequence([grammar.text("\""), node, grammar.text("\"")])
    }
    return grammar.string(minimum: Int32(keywords.minimumLength), limit: keywords.maximumLength.map { Int32($0) })
  }

  private mutating func anyValue() -> (value: Grammar.NodeID, object: Grammar.NodeID) {
    if let anything { return anything }
    let made = grammar.anyValue()
    anything = made
    return made
  }

  /// A key as a part of a JSON pointer.
  private static func escaped(_ key: String) -> String {
    String(key.prefix(80)).replacing("~", with: "~0").replacing("/", with: "~1")
  }

  static func fail(_ path: String, _ what: String) -> SpudError {
    SpudError(.badData, "the JSON schema at \(path.prefix(300)) \(what)")
  }
}
