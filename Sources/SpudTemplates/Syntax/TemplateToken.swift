/// A piece of a template's source.
struct TemplateToken: Equatable {
  enum Kind: Equatable {
    /// Text outside all tags, trimmed as the tags around it ask.
    case text(String)
    case outputStart, outputEnd, blockStart, blockEnd
    case name(String)
    case string(String)
    case integer(String)
    case float(Double)
    case symbol(Symbol)
    case end
  }

  enum Symbol: String, CaseIterable {
    case plus = "+", minus = "-", power = "**", times = "*", floorDivide = "//", divide = "/", modulo = "%"
    case tilde = "~", openBracket = "[", closeBracket = "]", openParenthesis = "(", closeParenthesis = ")"
    case openBrace = "{", closeBrace = "}", equal = "==", notEqual = "!=", lessOrEqual = "<=", less = "<"
    case greaterOrEqual = ">=", greater = ">", assign = "=", dot = ".", colon = ":", pipe = "|", comma = ","
    case semicolon = ";"
  }

  let kind: Kind
  /// From 1.
  let line: Int

  /// What this is, for a message.
  var described: String {
    switch kind {
    case .text: "text"
    case .outputStart: "'{{'"
    case .outputEnd: "'}}'"
    case .blockStart: "'{%'"
    case .blockEnd: "'%}'"
    case .name(let name): "'\(name.prefix(40))'"
    case .string: "a string"
    case .integer, .float: "a number"
    case .symbol(let symbol): "'\(symbol.rawValue)'"
    case .end: "the end of the template"
    }
  }
}
