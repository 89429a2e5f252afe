/// An expression of a template.
///
/// Chains of one precedence (`a + b + c`) are one node, so that the tree is only as deep as its brackets.
indirect enum TemplateExpression: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  case text(TemplateText)
  /// A variable, by its number in `TemplateProgram.names`.
  case name(Int)
  case list([TemplateExpression])
  case tuple([TemplateExpression])
  case dictionary([(key: TemplateExpression, value: TemplateExpression)])
  case attribute(of: TemplateExpression, String)
  case element(of: TemplateExpression, TemplateExpression)
  case slice(of: TemplateExpression, start: TemplateExpression?, stop: TemplateExpression?, step: TemplateExpression?)
  case call(TemplateExpression, TemplateArguments)
  case filter(TemplateExpression, TemplateFilterCall)
  case test(TemplateExpression, String, TemplateArguments, isNegated: Bool)
  case arithmetic(TemplateExpression, [(operation: ArithmeticOperator, operand: TemplateExpression)])
  case concatenation([TemplateExpression])
  case comparison(TemplateExpression, [(operation: ComparisonOperator, operand: TemplateExpression)])
  case all([TemplateExpression])
  case any([TemplateExpression])
  case not(TemplateExpression)
  case negative(TemplateExpression)
  case positive(TemplateExpression)
  case conditional(TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)

  enum ArithmeticOperator: String {
    case add = "+", subtract = "-", multiply = "*", divide = "/", floorDivide = "//", modulo = "%", power = "**"
  }
  enum ComparisonOperator: String {
    case equal = "==", notEqual = "!=", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
    case isIn = "in", isNotIn = "not in"
  }
}

/// What is between the parentheses of a call.
struct TemplateArguments: Sendable {
  var positional: [TemplateExpression] = []
  var named: [(name: String, value: TemplateExpression)] = []
  /// `*values` and `**values`.
  var spread: TemplateExpression?
  var namedSpread: TemplateExpression?
}

struct TemplateFilterCall: Sendable {
  let name: String
  let arguments: TemplateArguments
}
