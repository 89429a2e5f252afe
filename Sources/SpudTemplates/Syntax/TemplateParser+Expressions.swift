/// Expressions, in Jinja's order of precedence: `if else`, `or`, `and`, `not`, comparisons, `+ -`, `~`, `* / // %`,
/// `**`, signs, and behind a value its attributes, calls, filters and tests.
extension TemplateParser {
  /// One expression, or several between commas.
  mutating func tuple(allowsConditional: Bool = true) throws -> TemplateExpression {
    var items = [allowsConditional ? try expression() : try disjunction()]
    guard current.kind == .symbol(.comma) else { return items[0] }
    while take(.comma), startsExpression {
      items.append(allowsConditional ? try expression() : try disjunction())
    }
    return .tuple(items)
  }

  private var startsExpression: Bool {
    switch current.kind {
    case .outputEnd, .blockEnd, .end, .symbol(.closeParenthesis), .symbol(.closeBracket), .symbol(.assign): false
    default: true
    }
  }

  mutating func expression() throws -> TemplateExpression {
    try deeper { parser in try parser.conditional() }
  }

  private mutating func conditional() throws -> TemplateExpression {
    var result = try disjunction(), links = 0
    while takeName("if") {
      links += 1
      guard links <= Self.suffixLimit else { throw fail("more than \(Self.suffixLimit) conditions on one value") }
      let condition = try disjunction()
      let otherwise = takeName("else") ? try expression() : nil
      result = .conditional(condition, then: result, otherwise: otherwise)
    }
    return result
  }

  mutating func disjunction() throws -> TemplateExpression {
    var terms = [try conjunction()]
    while takeName("or") { terms.append(try conjunction()) }
    return terms.count == 1 ? terms[0] : .any(terms)
  }

  private mutating func conjunction() throws -> TemplateExpression {
    var terms = [try negation()]
    while takeName("and") { terms.append(try negation()) }
    return terms.count == 1 ? terms[0] : .all(terms)
  }

  private mutating func negation() throws -> TemplateExpression {
    var isNegated = false, isNot = false
    while takeName("not") {
      isNegated.toggle()
      isNot = true
    }
    let value = try comparison()
    if !isNot { return value }
    return isNegated ? .not(value) : .not(.not(value))
  }

  private mutating func comparison() throws -> TemplateExpression {
    let first = try sum()
    var rest: [(operation: TemplateExpression.ComparisonOperator, operand: TemplateExpression)] = []
    while let operation = takeComparison() { rest.append((operation, try sum())) }
    return rest.isEmpty ? first : .comparison(first, rest)
  }

  private mutating func takeComparison() -> TemplateExpression.ComparisonOperator? {
    if case .symbol(let symbol) = current.kind,
      let operation = TemplateExpression.ComparisonOperator(rawValue: symbol.rawValue)
    {
      position += 1
      return operation
    }
    if takeName("in") { return .isIn }
    if current.kind == .name("not"), position + 1 < tokens.count, tokens[position + 1].kind == .name("in") {
      position += 2
      return .isNotIn
    }
    return nil
  }

  private mutating func sum() throws -> TemplateExpression {
    try chain(of: [.plus, .minus]) { try $0.concatenation() }
  }

  private mutating func concatenation() throws -> TemplateExpression {
    var terms = [try product()]
    while take(.tilde) { terms.append(try product()) }
    return terms.count == 1 ? terms[0] : .concatenation(terms)
  }

  private mutating func product() throws -> TemplateExpression {
    try chain(of: [.times, .divide, .floorDivide, .modulo]) { parser in
      try parser.chain(of: [.power]) { try $0.signed() }
    }
  }

  private mutating func chain(
    of symbols: [TemplateToken.Symbol], _ operand: (inout Self) throws -> TemplateExpression
  ) throws -> TemplateExpression {
    let first = try operand(&self)
    var rest: [(operation: TemplateExpression.ArithmeticOperator, operand: TemplateExpression)] = []
    while case .symbol(let symbol) = current.kind, symbols.contains(symbol),
      let operation = TemplateExpression.ArithmeticOperator(rawValue: symbol.rawValue)
    {
      position += 1
      rest.append((operation, try operand(&self)))
    }
    return rest.isEmpty ? first : .arithmetic(first, rest)
  }

  private mutating func signed(withFilters: Bool = true) throws -> TemplateExpression {
    var value: TemplateExpression
    if take(.minus) {
      value = .negative(try deeper { try $0.signed(withFilters: false) })
    } else if take(.plus) {
      value = .positive(try deeper { try $0.signed(withFilters: false) })
    } else {
      value = try primary()
    }
    var suffixes = 0
    value = try members(of: value, &suffixes)
    return withFilters ? try filtersAndTests(on: value, &suffixes) : value
  }

  private mutating func primary() throws -> TemplateExpression {
    let token = current
    position += 1
    switch token.kind {
    case .name("true"), .name("True"): return .bool(true)
    case .name("false"), .name("False"): return .bool(false)
    case .name("none"), .name("None"): return .none
    case .name(let name): return .name(number(of: name))
    case .string(var text):
      while case .string(let more) = current.kind {
        text += more
        position += 1
      }
      return .text(TemplateText(text, origin: .template))
    case .integer(let digits):
      guard let value = Int(digits) else { throw fail("the number '\(digits.prefix(40))' is too large") }
      return .integer(value)
    case .float(let value): return .float(value)
    case .symbol(.openParenthesis):
      if take(.closeParenthesis) { return .tuple([]) }
      let value = try tuple()
      guard take(.closeParenthesis) else { throw unexpected("')'") }
      return value
    case .symbol(.openBracket): return .list(try items(until: .closeBracket))
    case .symbol(.openBrace): return .dictionary(try members())
    default:
      position -= 1
      throw unexpected("an expression")
    }
  }

  private mutating func items(until end: TemplateToken.Symbol) throws -> [TemplateExpression] {
    var items: [TemplateExpression] = []
    while !take(end) {
      if !items.isEmpty {
        guard take(.comma) else { throw unexpected("',' or '\(end.rawValue)'") }
        if take(end) { break }
      }
      items.append(try expression())
    }
    return items
  }

  private mutating func members() throws -> [(key: TemplateExpression, value: TemplateExpression)] {
    var members: [(key: TemplateExpression, value: TemplateExpression)] = []
    while !take(.closeBrace) {
      if !members.isEmpty {
        guard take(.comma) else { throw unexpected("',' or '}'") }
        if take(.closeBrace) { break }
      }
      let key = try expression()
      guard take(.colon) else { throw unexpected("':'") }
      members.append((key, try expression()))
    }
    return members
  }

  /// Attributes, elements, slices and calls behind a value.
  private mutating func members(of value: TemplateExpression, _ suffixes: inout Int) throws -> TemplateExpression {
    var value = value
    while true {
      if take(.dot) {
        switch current.kind {
        case .name(let name): value = .attribute(of: value, name)
        case .integer(let digits): value = .element(of: value, .integer(Int(digits) ?? .max))
        default: throw unexpected("the name of an attribute")
        }
        position += 1
      } else if take(.openBracket) {
        value = try subscripted(value)
      } else if current.kind == .symbol(.openParenthesis) {
        value = .call(value, try arguments())
      } else {
        return value
      }
      try count(&suffixes)
    }
  }

  private mutating func subscripted(_ value: TemplateExpression) throws -> TemplateExpression {
    var parts: [TemplateExpression?] = [], isSlice = false
    var part: TemplateExpression?
    while !take(.closeBracket) {
      if take(.colon) {
        isSlice = true
        parts.append(part)
        part = nil
        guard parts.count < 3 else { throw fail("a slice of more than three parts") }
      } else if part == nil {
        part = try tuple()
      } else {
        throw unexpected("']'")
      }
    }
    if isSlice {
      parts += [part] + [nil, nil]
      return .slice(of: value, start: parts[0], stop: parts[1], step: parts[2])
    }
    guard let part else { throw fail("'[]' without an index") }
    return .element(of: value, part)
  }

  private mutating func filtersAndTests(
    on value: TemplateExpression, _ suffixes: inout Int
  ) throws -> TemplateExpression {
    var value = value
    while true {
      if take(.pipe) {
        value = .filter(value, try filter())
      } else if takeName("is") {
        value = try test(on: value)
      } else if current.kind == .symbol(.openParenthesis) {
        value = .call(value, try arguments())
      } else {
        return value
      }
      try count(&suffixes)
    }
  }

  private func count(_ suffixes: inout Int) throws {
    suffixes += 1
    guard suffixes <= Self.suffixLimit else { throw fail("more than \(Self.suffixLimit) suffixes on one value") }
  }

  /// The filters of a block, between pipes.
  mutating func filters(first: Bool) throws -> [TemplateFilterCall] {
    var filters: [TemplateFilterCall] = []
    while (first && filters.isEmpty) || take(.pipe) {
      filters.append(try filter())
      guard filters.count <= Self.suffixLimit else { throw fail("more than \(Self.suffixLimit) filters on one value") }
    }
    return filters
  }

  private mutating func filter() throws -> TemplateFilterCall {
    guard case .name(let name) = current.kind else { throw unexpected("the name of a filter") }
    position += 1
    return .init(name: name, arguments: current.kind == .symbol(.openParenthesis) ? try arguments() : .init())
  }

  private mutating func test(on value: TemplateExpression) throws -> TemplateExpression {
    let isNegated = takeName("not")
    guard case .name(let name) = current.kind else { throw unexpected("the name of a test") }
    position += 1
    var arguments = TemplateArguments()
    switch current.kind {
    case .symbol(.openParenthesis): arguments = try self.arguments()
    case .name("else"), .name("or"), .name("and"), .name("if"), .name("not"), .name("in"): break
    case .name("is"): throw fail("a test of a test")
    case .name, .string, .integer, .float, .symbol(.openBracket), .symbol(.openBrace):
      var suffixes = 0
      let argument = try deeper { try $0.primary() }
      arguments.positional = [try members(of: argument, &suffixes)]
    default: break
    }
    return .test(value, name, arguments, isNegated: isNegated)
  }

  mutating func arguments() throws -> TemplateArguments {
    try deeper { parser in
      guard parser.take(.openParenthesis) else { throw parser.unexpected("'('") }
      var arguments = TemplateArguments(), isFirst = true
      while !parser.take(.closeParenthesis) {
        if !isFirst {
          guard parser.take(.comma) else { throw parser.unexpected("',' or ')'") }
          if parser.take(.closeParenthesis) { break }
        }
        isFirst = false
        try parser.argument(into: &arguments)
      }
      return arguments
    }
  }

  private mutating func argument(into arguments: inout TemplateArguments) throws {
    if take(.times) {
      guard arguments.spread == nil else { throw fail("two '*' in one call") }
      arguments.spread = try expression()
    } else if take(.power) {
      guard arguments.namedSpread == nil else { throw fail("two '**' in one call") }
      arguments.namedSpread = try expression()
    } else if case .name(let name) = current.kind, position + 1 < tokens.count,
      tokens[position + 1].kind == .symbol(.assign)
    {
      position += 2
      arguments.named.append((name, try expression()))
    } else {
      guard arguments.named.isEmpty else { throw fail("an argument without a name stands behind one with a name") }
      arguments.positional.append(try expression())
    }
  }
}
