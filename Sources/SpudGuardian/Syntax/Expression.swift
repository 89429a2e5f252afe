/// A condition of a policy, or a part of one.
///
/// Chains of one operator, and of accesses, are one node, so that what a long line costs is time, not stack.
package indirect enum Expression: Sendable {
  case literal(CedarValue)
  case variable(Variable)
  case set([Expression])
  case record([(key: ExactString, value: Expression)])
  /// `a && b && …`, two or more.
  case and([Expression])
  /// `a || b || …`, two or more.
  case or([Expression])
  case conditional(Expression, then: Expression, otherwise: Expression)
  /// `a == b`, or `a != b` where negated.
  case equal(Expression, Expression, negated: Bool)
  case ordered(Expression, Ordering, Expression)
  case isIn(Expression, Expression)
  /// `a is T`, or `a is T in b`.
  case isType(Expression, ExactString, within: Expression?)
  /// `a has b.c`: each of the attributes is there, in what the one before holds.
  case has(Expression, [ExactString])
  case like(Expression, LikePattern)
  /// `a + b - c`, from left to right.
  case arithmetic(Expression, [(sign: Arithmetic, operand: Expression)])
  /// One to four `!`.
  case not(Expression, count: Int)
  /// One to four `-`.
  case negation(Expression, count: Int)
  /// What follows a value: `.name`, `["name"]`, `.method(…)`, from left to right.
  case access(Expression, [Access])
  /// `ip("10.0.0.1")`.
  case call(ExtensionFunction, [Expression])

  package enum Variable: String, Sendable { case principal, action, resource, context }

  package enum Ordering: String, Sendable {
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
  }

  package enum Arithmetic: String, Sendable {
    case plus = "+"
    case minus = "-"
    case times = "*"
  }

  package enum Access: Sendable {
    case attribute(ExactString)
    case method(Method, [Expression])
    case function(ExtensionFunction, [Expression])
  }

  /// The methods of sets, and those that read an entity's tags.
  package enum Method: String, Sendable {
    case contains, containsAll, containsAny, isEmpty, getTag, hasTag

    var argumentCount: Int { self == .isEmpty ? 0 : 1 }
  }
}
