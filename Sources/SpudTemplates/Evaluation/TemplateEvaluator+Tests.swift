extension TemplateEvaluator {
  /// Whether `value is name`.
  func test(_ name: String, on value: TemplateValue, _ call: TemplateCall) throws -> Bool {
    if let holds = kindTest(name, on: value) { return holds }
    if let operation = Self.comparisons[name] {
      guard let other = call.positional.first else { throw fail("the test '\(name)' has nothing to compare with") }
      return try compare(value, operation, other)
    }
    switch name {
    case "divisibleby":
      guard let other = call.positional.first else { throw fail("the test 'divisibleby' has no divisor") }
      return try equal(try compute(value, .modulo, other), .integer(0))
    case "even": return try equal(try compute(value, .modulo, .integer(2)), .integer(0))
    case "odd": return try equal(try compute(value, .modulo, .integer(2)), .integer(1))
    case "lower", "upper":
      let text = try printed(value)
      try charge(text.utf8.count)
      let isCased = text.scalars.contains { $0.scalar.properties.isCased }
      return isCased && text == (name == "lower" ? text.lowercased : text.uppercased)
    case "sameas":
      guard let other = call.positional.first else { throw fail("the test 'sameas' has nothing to compare with") }
      return try isSame(value, other)
    default: throw fail("the test '\(name.prefix(40))' is not supported")
    }
  }

  private func kindTest(_ name: String, on value: TemplateValue) -> Bool? {
    switch (name, value) {
    case ("defined", _): !value.isUndefined
    case ("undefined", _): value.isUndefined
    case ("none", .none), ("boolean", .bool), ("true", .bool(true)), ("false", .bool(false)): true
    case ("none", _), ("boolean", _), ("true", _), ("false", _): false
    case ("integer", .integer), ("integer", .largeInteger), ("float", .float): true
    case ("integer", _), ("float", _): false
    case ("number", .integer), ("number", .largeInteger), ("number", .float), ("number", .bool): true
    case ("number", _): false
    case ("string", .text), ("mapping", .dictionary): true
    case ("string", _), ("mapping", _): false
    case ("sequence", .text), ("sequence", .list), ("sequence", .dictionary), ("sequence", .undefined): true
    case ("sequence", _): false
    case ("iterable", .text), ("iterable", .list), ("iterable", .dictionary), ("iterable", .undefined),
      ("iterable", .iterator):
      true
    case ("iterable", _): false
    case ("callable", .macro), ("callable", .function), ("callable", .method): true
    case ("callable", _): false
    case ("escaped", .text(let text)): text.isMarkup
    case ("escaped", _): false
    default: nil
    }
  }

  private func isSame(_ a: TemplateValue, _ b: TemplateValue) throws -> Bool {
    switch (a, b) {
    case (.none, .none): true
    case (.bool(let a), .bool(let b)): a == b
    case (.bool, _), (_, .bool): false
    default: try equal(a, b)
    }
  }

  private static let comparisons: [String: TemplateExpression.ComparisonOperator] = [
    "eq": .equal, "equalto": .equal, "==": .equal, "ne": .notEqual, "!=": .notEqual, "lt": .less, "lessthan": .less,
    "<": .less, "le": .lessOrEqual, "<=": .lessOrEqual, "gt": .greater, "greaterthan": .greater, ">": .greater,
    "ge": .greaterOrEqual, ">=": .greaterOrEqual, "in": .isIn,
  ]
}
