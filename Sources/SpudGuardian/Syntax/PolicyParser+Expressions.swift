internal import SpudErrors

extension PolicyParser {
  /// `if a then b else c`, or anything that binds tighter.
  mutating func expression() throws -> Expression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else {
      throw error(at: here, "expressions nested deeper than \(Self.depthLimit)")
    }
    guard takeWord("if") else { return try disjunction() }
    let condition = try expression()
    guard takeWord("then") else { throw unexpected("then") }
    let then = try expression()
    guard takeWord("else") else { throw unexpected("else") }
    return .conditional(condition, then: then, otherwise: try expression())
  }

  private mutating func disjunction() throws -> Expression {
    var operands = [try conjunction()]
    while take("||") { operands.append(try conjunction()) }
    return operands.count == 1 ? operands[0] : .or(operands)
  }

  private mutating func conjunction() throws -> Expression {
    var operands = [try relation()]
    while take("&&") { operands.append(try relation()) }
    return operands.count == 1 ? operands[0] : .and(operands)
  }

  /// Comparisons do not chain: `a < b < c` is an error.
  private mutating func relation() throws -> Expression {
    let left = try sum()
    let result = try relation(of: left)
    guard let result else { return left }
    if isRelation(peek) { throw error(at: here, "comparisons in a row, which need brackets") }
    return result
  }

  private func isRelation(_ kind: Token.Kind) -> Bool {
    switch kind {
    case .symbol(let symbol): ["==", "!=", "<", "<=", ">", ">="].contains(symbol)
    case .identifier(let word): ["in", "has", "like", "is"].contains(word)
    default: false
    }
  }

  private mutating func relation(of left: Expression) throws -> Expression? {
    if case .symbol(let symbol) = peek {
      if symbol == "==" || symbol == "!=" {
        advance()
        return .equal(left, try sum(), negated: symbol == "!=")
      }
      guard let ordering = Expression.Ordering(rawValue: symbol) else { return nil }
      advance()
      return .ordered(left, ordering, try sum())
    }
    if takeWord("in") { return .isIn(left, try sum()) }
    if takeWord("has") { return .has(left, try attributes()) }
    if takeWord("like") {
      let start = here
      guard case .string(let literal) = peek else { throw unexpected("a pattern in quotation marks") }
      advance()
      guard let pattern = LikePattern(literal: literal) else {
        throw error(at: start, "a pattern with an unknown escape")
      }
      return .like(left, pattern)
    }
    guard takeWord("is") else { return nil }
    let type = try path()
    return .isType(left, type, within: takeWord("in") ? try sum() : nil)
  }

  /// What stands behind `has`: a string, or names with points between.
  private mutating func attributes() throws -> [ExactString] {
    if case .string = peek { return [try string("an attribute")] }
    var names = [ExactString(try name("an attribute"))]
    while take(".") { names.append(ExactString(try name("an attribute"))) }
    return names
  }

  private mutating func sum() throws -> Expression {
    let first = try product()
    var rest: [(Expression.Arithmetic, Expression)] = []
    while peek == .symbol("+") || peek == .symbol("-") {
      let plus = take("+")
      if !plus { advance() }
      rest.append((plus ? .plus : .minus, try product()))
    }
    return rest.isEmpty ? first : .arithmetic(first, rest)
  }

  private mutating func product() throws -> Expression {
    let first = try unary()
    var rest: [(Expression.Arithmetic, Expression)] = []
    while take("*") { rest.append((.times, try unary())) }
    return rest.isEmpty ? first : .arithmetic(first, rest)
  }

  /// At most four of one sign, as Cedar has it.
  private mutating func unary() throws -> Expression {
    let start = here
    for sign in ["!", "-"] {
      var count = 0
      while take(sign) { count += 1 }
      guard count > 0 else { continue }
      guard count <= 4 else { throw error(at: start, "more than four '\(sign)' in a row") }
      if sign == "!" { return .not(try member(), count: count) }
      return try negated(count)
    }
    return try member()
  }

  /// The smallest number is a minus and a number that would not fit without it.
  private mutating func negated(_ count: Int) throws -> Expression {
    guard case .number(let digits) = peek, let value = Int64("-" + digits) else {
      return .negation(try member(), count: count)
    }
    if Int64(digits) != nil, peek(1) == .symbol(".") || peek(1) == .symbol("[") {
      return .negation(try member(), count: count)
    }
    advance()
    let literal = Expression.literal(.long(value))
    return count == 1 ? literal : .negation(literal, count: count - 1)
  }

  private mutating func member() throws -> Expression {
    let value = try primary()
    var accesses: [Expression.Access] = []
    while true {
      if take(".") {
        accesses.append(try attributeOrMethod())
      } else if take("[") {
        accesses.append(.attribute(try string("an attribute in quotation marks")))
        try expect("]")
      } else {
        return accesses.isEmpty ? value : .access(value, accesses)
      }
    }
  }

  private mutating func attributeOrMethod() throws -> Expression.Access {
    let start = here
    let name = try name("an attribute or a method")
    guard take("(") else { return .attribute(ExactString(name)) }
    var arguments: [Expression] = []
    try list(until: ")") { arguments.append(try $0.expression()) }
    if let method = Expression.Method(rawValue: name) {
      guard arguments.count == method.argumentCount else {
        throw error(at: start, "'\(name)' was given \(arguments.count) arguments, but takes \(method.argumentCount)")
      }
      return .method(method, arguments)
    }
    guard let function = ExtensionFunction(rawValue: name), !function.isConstructor else {
      throw error(at: start, "there is no method '\(name.prefix(40))'")
    }
    return .function(function, arguments)
  }

  private mutating func primary() throws -> Expression {
    let start = here
    switch peek {
    case .number(let digits):
      guard let value = Int64(digits) else { throw error(at: start, "a number of more than 64 bits") }
      advance()
      return .literal(.long(value))
    case .string: return .literal(.string(try string("a string")))
    case .identifier("true"):
      advance()
      return .literal(.bool(true))
    case .identifier("false"):
      advance()
      return .literal(.bool(false))
    case .identifier: return try named()
    case .symbol("("):
      advance()
      let inner = try expression()
      try expect(")")
      return inner
    case .symbol("["):
      advance()
      var elements: [Expression] = []
      try list(until: "]") { elements.append(try $0.expression()) }
      return .set(elements)
    case .symbol("{"):
      advance()
      return try record()
    case .symbol("?"): throw error(at: start, "a template's slot, and templates are not supported")
    default: throw unexpected("an expression")
    }
  }

  /// A variable, an entity, or a call of a function.
  private mutating func named() throws -> Expression {
    let start = here
    let type = try path()
    if take("::") {
      return .literal(.entity(EntityUID(type: type, id: try string("an entity's id in quotation marks"))))
    }
    if take("(") {
      guard let function = ExtensionFunction(rawValue: type.text), function.isConstructor else {
        throw error(at: start, "there is no function '\(type.text.prefix(40))'")
      }
      var arguments: [Expression] = []
      try list(until: ")") { arguments.append(try $0.expression()) }
      return .call(function, arguments)
    }
    guard let variable = Expression.Variable(rawValue: type.text) else {
      throw error(
        at: start, "'\(type.text.prefix(40))' is no variable; they are principal, action, resource and context")
    }
    return .variable(variable)
  }

  private mutating func record() throws -> Expression {
    var members: [(ExactString, Expression)] = []
    var keys: Set<ExactString> = []
    try list(until: "}") { parser in
      let start = parser.here
      let key: ExactString
      if case .string = parser.peek {
        key = try parser.string("a key")
      } else {
        key = ExactString(try parser.name("a key"))
      }
      guard keys.insert(key).inserted else {
        throw parser.error(at: start, "the key '\(key.text.prefix(40))' stands twice in one record")
      }
      try parser.expect(":")
      members.append((key, try parser.expression()))
    }
    return .record(members)
  }
}
