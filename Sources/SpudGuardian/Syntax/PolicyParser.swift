internal import SpudErrors

/// A recursive-descent parser of policies.
struct PolicyParser {
  /// Brackets, conditionals and the like may stand this deep in each other.
  static let depthLimit = 64

  let source: PolicySource
  private let tokens: [Token]
  private var position = 0
  /// How many expressions around this one are not done.
  var depth = 0

  init(_ source: PolicySource) throws {
    self.source = source
    var lexer = Lexer(source)
    tokens = try lexer.tokens()
  }

  mutating func policies() throws -> [Policy] {
    var policies: [Policy] = []
    while peek != .end { policies.append(try policy(id: "policy\(policies.count)")) }
    return policies
  }

  private mutating func policy(id: String) throws -> Policy {
    let annotations = try annotations()
    let start = here
    let word = try identifier("permit or forbid")
    guard let effect = Policy.Effect(rawValue: word) else {
      throw error(at: start, "found '\(word)' where permit or forbid was expected")
    }
    try expect("(")
    var conditions = try head(.principal)
    try expect(",")
    conditions += try head(.action)
    try expect(",")
    conditions += try head(.resource)
    _ = take(",")
    try expect(")")
    while case .identifier(let word) = peek {
      guard word == "when" || word == "unless" else { throw unexpected("when, unless or ';'") }
      advance()
      try expect("{")
      let condition = try expression()
      try expect("}")
      conditions.append(word == "when" ? condition : .not(condition, count: 1))
    }
    try expect(";")
    return Policy(id: id, effect: effect, annotations: annotations, conditions: conditions)
  }

  private mutating func annotations() throws -> [(key: String, value: ExactString)] {
    var annotations: [(key: String, value: ExactString)] = []
    while take("@") {
      let start = here
      let key = try identifier("an annotation's name")
      var value: ExactString = ""
      if take("(") {
        value = try string("an annotation's value in quotation marks")
        try expect(")")
      }
      guard !annotations.contains(where: { $0.key == key }) else {
        throw error(at: start, "the annotation '@\(key)' stands twice at one policy")
      }
      annotations.append((key, value))
    }
    return annotations
  }

  /// One of the three parts of a head, as the conditions that it stands for.
  private mutating func head(_ variable: Expression.Variable) throws -> [Expression] {
    let start = here
    guard try identifier("'\(variable.rawValue)'") == variable.rawValue else {
      throw error(at: start, "the head of a policy names principal, action and resource, in this order")
    }
    if take("==") { return [.equal(.variable(variable), try entity(for: variable), negated: false)] }
    if variable != .action, takeWord("is") {
      let type = try path()
      return [.isType(.variable(variable), type, within: takeWord("in") ? try entity(for: variable) : nil)]
    }
    guard takeWord("in") else { return [] }
    guard variable == .action, take("[") else { return [.isIn(.variable(variable), try entity(for: variable))] }
    var entities: [Expression] = []
    try list(until: "]") { entities.append(try $0.entity(for: .action)) }
    return [.isIn(.variable(variable), .set(entities))]
  }

  /// An entity that a head compares `variable` with; actions are of a type `Action`, in any namespace.
  private mutating func entity(for variable: Expression.Variable) throws -> Expression {
    let start = here
    if peek == .symbol("?") { throw error(at: start, "a template's slot, and templates are not supported") }
    let type = try path()
    guard take("::") else { throw unexpected("'::' and an entity's id") }
    guard variable != .action || type == "Action" || type.text.hasSuffix("::Action") else {
      throw error(at: start, "'\(type.text.prefix(40))' is no type of actions, which is 'Action'")
    }
    return .literal(.entity(EntityUID(type: type, id: try string("an entity's id in quotation marks"))))
  }

  // MARK: Names

  /// Words that are no names.
  static let reserved: Set<String> = ["true", "false", "if", "then", "else", "in", "is", "like", "has", "__cedar"]

  /// `Acme::User`; what follows the last name, such as `::"alice"`, is left.
  mutating func path() throws -> ExactString {
    var names = [try name("the name of a type")]
    while peek == .symbol("::"), case .identifier = peek(1) {
      advance()
      names.append(try name("the name of a type"))
    }
    return ExactString(names.joined(separator: "::"))
  }

  /// An identifier that is no word of the language.
  mutating func name(_ expected: String) throws -> String {
    let start = here
    let name = try identifier(expected)
    guard !Self.reserved.contains(name) else {
      throw error(at: start, "found the word '\(name)' where \(expected) was expected")
    }
    return name
  }

  mutating func identifier(_ expected: String) throws -> String {
    guard case .identifier(let name) = peek else { throw unexpected(expected) }
    advance()
    return name
  }

  mutating func string(_ expected: String) throws -> ExactString {
    let start = here
    guard case .string(let literal) = peek else { throw unexpected(expected) }
    advance()
    guard let text = StringEscapes.text(of: literal) else { throw error(at: start, "a string with an unknown escape") }
    return text
  }

  // MARK: Tokens

  var peek: Token.Kind { tokens[position].kind }
  var here: Int { tokens[position].offset }

  func peek(_ ahead: Int) -> Token.Kind { tokens[min(position + ahead, tokens.count - 1)].kind }

  mutating func advance() { position = min(position + 1, tokens.count - 1) }

  mutating func take(_ symbol: String) -> Bool {
    guard peek == .symbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func takeWord(_ word: String) -> Bool {
    guard peek == .identifier(word) else { return false }
    advance()
    return true
  }

  mutating func expect(_ symbol: String) throws {
    guard take(symbol) else { throw unexpected("'\(symbol)'") }
  }

  /// Items with commas between, one more allowed behind the last, and the bracket that ends them.
  mutating func list(until end: String, _ item: (inout Self) throws -> Void) throws {
    while !take(end) {
      try item(&self)
      if take(end) { return }
      guard take(",") else { throw unexpected("',' or '\(end)'") }
    }
  }

  func unexpected(_ expected: String) -> SpudError {
    let found: String
    switch peek {
    case .identifier(let name): found = "'\(name.prefix(40))'"
    case .number(let digits): found = "the number \(digits.prefix(40))"
    case .string: found = "a string"
    case .symbol(let symbol): found = "'\(symbol)'"
    case .end: found = "the end"
    }
    return error(at: here, "found \(found) where \(expected) was expected")
  }

  func error(at offset: Int, _ what: String) -> SpudError { source.error(at: offset, what) }
}
