internal import SpudErrors

/// Parses a template, statement by statement.
struct TemplateParser {
  /// How deep brackets and blocks may stand in each other, and how many suffixes (`.a`, `[0]`, `|f`) one value may
  /// have.
  static let depthLimit = 64
  static let suffixLimit = 64

  let tokens: [TemplateToken]
  let name: String
  var position = 0
  var depth = 0
  var names: [String] = []
  var numbers: [String: Int] = [:]
  /// Loops around the statement being read, for `break` and `continue`.
  private var loops = 0

  private init(tokens: [TemplateToken], name: String) {
    self.tokens = tokens
    self.name = name
  }

  /// - Throws: `SpudError.badData`, naming the line, for what is no template or uses what is not supported.
  static func program(of source: String, name: String) throws -> TemplateProgram {
    var parser = Self(tokens: try TemplateLexer.tokens(of: source, name: name), name: name)
    let body = try parser.statements(until: [])
    return TemplateProgram(body: body, names: parser.names, numbers: parser.numbers)
  }

  /// Reads up to a block that starts with one of `ends`, of which only `{%` is consumed; or to the end of the template,
  /// if there are no ends.
  mutating func statements(until ends: Set<String>) throws -> [TemplateStatement] {
    try deeper { parser in try parser.statementList(until: ends) }
  }

  private mutating func statementList(until ends: Set<String>) throws -> [TemplateStatement] {
    // The tag that opened the block precedes its first statement.
    let opening = tokens[max(0, position - 1)].line
    var result: [TemplateStatement] = []
    while true {
      switch current.kind {
      case .end:
        guard ends.isEmpty else {
          throw fail(
            "the block of line \(opening) is not closed: '\(ends.sorted().joined(separator: "' or '"))' is missing")
        }
        return result
      case .text(let text):
        result.append(.text(TemplateText(text, origin: .template)))
        position += 1
      case .outputStart:
        let start = line
        position += 1
        result.append(.output(try tuple(), line: start))
        try expect(.outputEnd)
      case .blockStart:
        position += 1
        if case .name(let keyword) = current.kind, ends.contains(keyword) { return result }
        if let statement = try statement() { result.append(statement) }
      default:
        throw unexpected("a statement")
      }
    }
  }

  /// Reads a statement from behind its `{%` to behind its last `%}`.
  private mutating func statement() throws -> TemplateStatement? {
    let start = line
    guard case .name(let keyword) = current.kind else { throw unexpected("the name of a statement") }
    position += 1
    switch keyword {
    case "if": return try branch(line: start)
    case "for": return try loop(line: start)
    case "set": return try assignment(line: start)
    case "macro":
      guard case .name(let name) = current.kind else { throw unexpected("the name of a macro") }
      position += 1
      return .macro(try macro(named: number(of: name), end: "endmacro"), line: start)
    case "call":
      let parameters = current.kind == .symbol(.openParenthesis) ? try self.parameters() : []
      let call = try expression()
      guard case .call = call else { throw fail("'call' is followed by no call") }
      try expect(.blockEnd)
      let body = try outsideLoops { try $0.body(end: "endcall") }
      return .callBlock(call, caller: .init(name: nil, parameters: parameters, body: body), line: start)
    case "filter":
      let filters = try self.filters(first: true)
      try expect(.blockEnd)
      return .filterBlock(filters, body: try body(end: "endfilter"), line: start)
    case "with": return try with(line: start)
    case "generation":
      try expect(.blockEnd)
      return .generation(try outsideLoops { try $0.body(end: "endgeneration") }, line: start)
    case "break", "continue":
      guard loops > 0 else { throw fail("'\(keyword)' stands outside a loop") }
      try expect(.blockEnd)
      return keyword == "break" ? .leaveLoop : .nextIteration
    default:
      throw fail("the statement '\(keyword.prefix(40))' is not supported")
    }
  }

  /// Reads statements up to `{% end %}`, and that.
  mutating func body(end: String) throws -> [TemplateStatement] {
    let body = try statements(until: [end])
    position += 1
    // Jinja lets a macro's end repeat its name.
    if end == "endmacro", case .name = current.kind { position += 1 }
    try expect(.blockEnd)
    return body
  }

  private mutating func branch(line start: Int) throws -> TemplateStatement {
    var branches: [(condition: TemplateExpression, body: [TemplateStatement])] = []
    var otherwise: [TemplateStatement] = []
    while true {
      let condition = try tuple(allowsConditional: false)
      try expect(.blockEnd)
      branches.append((condition, try statements(until: ["elif", "else", "endif"])))
      if takeName("elif") { continue }
      if takeName("else") {
        try expect(.blockEnd)
        otherwise = try statements(until: ["endif"])
      }
      position += 1
      try expect(.blockEnd)
      return .branch(branches, otherwise: otherwise, line: start)
    }
  }

  private mutating func loop(line start: Int) throws -> TemplateStatement {
    let target = try self.target()
    guard takeName("in") else { throw unexpected("'in'") }
    let values = try tuple(allowsConditional: false)
    let condition = takeName("if") ? try expression() : nil
    if takeName("recursive") { throw fail("a recursive loop, which is not supported") }
    try expect(.blockEnd)
    loops += 1
    let body = try statements(until: ["else", "endfor"])
    loops -= 1
    var otherwise: [TemplateStatement] = []
    if takeName("else") {
      try expect(.blockEnd)
      otherwise = try statements(until: ["endfor"])
    }
    position += 1
    try expect(.blockEnd)
    return .loop(
      .init(target: target, values: values, condition: condition, body: body, otherwise: otherwise), line: start)
  }

  private mutating func assignment(line start: Int) throws -> TemplateStatement {
    let target = try self.target(allowsAttribute: true)
    if take(.assign) {
      let value = try tuple()
      try expect(.blockEnd)
      return .assign(target, value, line: start)
    }
    let filters = try self.filters(first: false)
    try expect(.blockEnd)
    return .capture(target, filters: filters, body: try body(end: "endset"), line: start)
  }

  private mutating func with(line start: Int) throws -> TemplateStatement {
    var values: [(target: TemplateTarget, value: TemplateExpression)] = []
    while current.kind != .blockEnd {
      if !values.isEmpty, !take(.comma) { throw unexpected("','") }
      let target = try self.target()
      guard take(.assign) else { throw unexpected("'='") }
      values.append((target, try expression()))
    }
    try expect(.blockEnd)
    return .with(values, body: try body(end: "endwith"), line: start)
  }

  private mutating func macro(named name: Int, end: String) throws -> TemplateMacroDefinition {
    let parameters = try self.parameters()
    try expect(.blockEnd)
    return .init(name: name, parameters: parameters, body: try outsideLoops { try $0.body(end: end) })
  }

  private mutating func parameters() throws -> [(name: Int, value: TemplateExpression?)] {
    guard take(.openParenthesis) else { throw unexpected("'('") }
    var parameters: [(name: Int, value: TemplateExpression?)] = []
    while !take(.closeParenthesis) {
      if !parameters.isEmpty, !take(.comma) { throw unexpected("',' or ')'") }
      if take(.closeParenthesis) { break }
      guard case .name(let name) = current.kind else { throw unexpected("the name of a parameter") }
      position += 1
      parameters.append((number(of: name), take(.assign) ? try expression() : nil))
    }
    return parameters
  }

  /// A loop does not reach into a macro that is defined in it.
  private mutating func outsideLoops<Result>(_ body: (inout Self) throws -> Result) rethrows -> Result {
    let outer = loops
    loops = 0
    defer { loops = outer }
    return try body(&self)
  }

  /// One or more names, with parentheses or without.
  private mutating func target(allowsAttribute: Bool = false) throws -> TemplateTarget {
    var targets: [TemplateTarget] = [], isTuple = false
    repeat {
      if !targets.isEmpty { isTuple = true }
      if case .name("in") = current.kind, isTuple { break }
      if take(.openParenthesis) {
        targets.append(try deeper { try $0.target() })
        guard take(.closeParenthesis) else { throw unexpected("')'") }
      } else {
        guard case .name(let name) = current.kind, !Self.reserved.contains(name) else {
          throw unexpected("the name of a variable")
        }
        position += 1
        if allowsAttribute, !isTuple, take(.dot) {
          guard case .name(let attribute) = current.kind else { throw unexpected("the name of an attribute") }
          position += 1
          return .attribute(number(of: name), attribute)
        }
        targets.append(.name(number(of: name)))
      }
    } while take(.comma)
    return isTuple ? .tuple(targets) : targets[0]
  }

  private static let reserved: Set = ["true", "false", "none", "True", "False", "None", "in", "and", "or", "not", "is"]
}

extension TemplateParser {
  var current: TemplateToken { tokens[min(position, tokens.count - 1)] }
  var line: Int { current.line }

  mutating func take(_ symbol: TemplateToken.Symbol) -> Bool {
    guard current.kind == .symbol(symbol) else { return false }
    position += 1
    return true
  }

  mutating func takeName(_ name: String) -> Bool {
    guard current.kind == .name(name) else { return false }
    position += 1
    return true
  }

  mutating func expect(_ kind: TemplateToken.Kind) throws {
    guard current.kind == kind else { throw unexpected(TemplateToken(kind: kind, line: 0).described) }
    position += 1
  }

  /// The number of a name, given at its first use.
  mutating func number(of name: String) -> Int {
    if let number = numbers[name] { return number }
    numbers[name] = names.count
    names.append(name)
    return names.count - 1
  }

  mutating func deeper<Result>(_ body: (inout Self) throws -> Result) throws -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw fail("blocks and brackets nested deeper than \(Self.depthLimit)") }
    return try body(&self)
  }

  func unexpected(_ expected: String) -> SpudError { fail("found \(current.described) where \(expected) was expected") }
  func fail(_ what: String) -> SpudError { SpudError(.badData, "\(name), line \(line): \(what)") }
}
