extension TemplateEvaluator {
  func compare(
    _ left: TemplateValue, _ operation: TemplateExpression.ComparisonOperator, _ right: TemplateValue
  ) throws -> Bool {
    switch operation {
    case .equal: try equal(left, right)
    case .notEqual: !(try equal(left, right))
    case .less: try precedes(left, right)
    case .greater: try precedes(right, left)
    case .lessOrEqual: try precedesOrEquals(left, right)
    case .greaterOrEqual: try precedesOrEquals(right, left)
    case .isIn: try contains(right, left)
    case .isNotIn: !(try contains(right, left))
    }
  }

  func equal(_ a: TemplateValue, _ b: TemplateValue) throws -> Bool {
    try step()
    switch (a, b) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.integer(let a), .integer(let b)): return a == b
    case (.largeInteger(let a), .largeInteger(let b)): return a == b
    case (.text(let a), .text(let b)):
      guard a.utf8.count == b.utf8.count else { return false }
      try charge(a.utf8.count)
      return a == b
    case (.list(let a), .list(let b)):
      guard a.isTuple == b.isTuple, a.items.count == b.items.count else { return false }
      return try zip(a.items, b.items).allSatisfy { try equal($0, $1) }
    case (.dictionary(let a), .dictionary(let b)):
      guard a.count == b.count else { return false }
      return try a.entries.allSatisfy { entry in
        guard let key = TemplateDictionary.Key(entry.key), let other = b[key] else { return false }
        return try equal(entry.value, other)
      }
    case (.namespace(let a), .namespace(let b)): return a === b
    case (.iterator(let a), .iterator(let b)): return a === b
    case (.macro(let a), .macro(let b)): return a === b
    case (.function(let a), .function(let b)): return a == b
    default:
      guard let a = a.number, let b = b.number else { return false }
      return a == b
    }
  }

  /// Whether `a` precedes `b` in order.
  func precedes(_ a: TemplateValue, _ b: TemplateValue) throws -> Bool {
    try step()
    switch (a, b) {
    case (.integer(let a), .integer(let b)): return a < b
    case (.text(let a), .text(let b)):
      try charge(min(a.utf8.count, b.utf8.count))
      return a < b
    case (.list(let a), .list(let b)) where a.isTuple == b.isTuple:
      for (x, y) in zip(a.items, b.items) where !(try equal(x, y)) { return try precedes(x, y) }
      return a.items.count < b.items.count
    default:
      guard let x = a.number, let y = b.number else { throw fail("\(a.kind) and \(b.kind) have no order") }
      return x < y
    }
  }

  private func precedesOrEquals(_ a: TemplateValue, _ b: TemplateValue) throws -> Bool {
    if case .text = a, case .text = b { return !(try precedes(b, a)) }
    return try precedes(a, b) ? true : try equal(a, b)
  }

  func contains(_ container: TemplateValue, _ item: TemplateValue) throws -> Bool {
    switch container {
    case .text(let text):
      guard case .text(let part) = item else {
        throw fail("\(item.kind) is looked for in a string, which holds only strings")
      }
      try charge(text.utf8.count + part.utf8.count)
      return text.contains(part)
    case .dictionary(let dictionary):
      guard let key = TemplateDictionary.Key(item) else {
        throw fail("\(item.kind) is looked for in a dictionary, whose key it cannot be")
      }
      return dictionary[key] != nil
    default: return try elements(of: container).contains { try equal($0, item) }
    }
  }

  func compute(
    _ left: TemplateValue, _ operation: TemplateExpression.ArithmeticOperator, _ right: TemplateValue
  ) throws -> TemplateValue {
    switch (left, operation, right) {
    case (.undefined(let missing), _, _), (_, _, .undefined(let missing)):
      if case .text(let format) = left, operation == .modulo { return .text(try formatted(format, with: right)) }
      throw fail(missing.sentence)
    case (.text(let a), .add, .text(let b)):
      return .text(try joined(a, b))
    case (.text(let format), .modulo, _): return .text(try formatted(format, with: right))
    case (.list(let a), .add, .list(let b)) where a.isTuple == b.isTuple:
      try step(a.items.count + b.items.count)
      return .list(TemplateList(a.items + b.items, isTuple: a.isTuple))
    case (.text, .multiply, _), (.list, .multiply, _): return try repeated(left, right)
    case (_, .multiply, .text), (_, .multiply, .list): return try repeated(right, left)
    default: break
    }
    if let a = left.integer, let b = right.integer, let result = try compute(a, operation, b) { return result }
    guard let a = left.number, let b = right.number else {
      throw fail("'\(operation.rawValue)' between \(left.kind) and \(right.kind)")
    }
    return .float(try compute(a, operation, b))
  }

  private func joined(_ a: TemplateText, _ b: TemplateText) throws -> TemplateText {
    try check(length: a.utf8.count + b.utf8.count)
    guard a.isMarkup || b.isMarkup else { return try charged(a.appending(b)) }
    var result = a.escaped.appending(b.escaped)
    result.isMarkup = true
    return try charged(result)
  }

  private func repeated(_ value: TemplateValue, _ count: TemplateValue) throws -> TemplateValue {
    guard let count = count.integer else { throw fail("\(value.kind) is repeated \(count.kind) times") }
    let times = max(0, count)
    if case .list(let list) = value {
      let (total, overflow) = list.items.count.multipliedReportingOverflow(by: times)
      guard !overflow, total < 1 << 30 else { throw fail("a list is repeated \(times) times") }
      try step(total)
      let items = (0..<(list.items.isEmpty ? 0 : times)).flatMap { _ in list.items }
      return .list(TemplateList(items, isTuple: list.isTuple))
    }
    guard case .text(let text) = value, !text.isEmpty else { return value }
    let (total, overflow) = text.utf8.count.multipliedReportingOverflow(by: times)
    try check(length: overflow ? .max : total)
    try charge(total)
    var result = TemplateText()
    for _ in 0..<times { result.append(text) }
    return .text(result)
  }

  /// Integers stay integers, but for `/`; nil leaves the operation to floating point.
  private func compute(
    _ a: Int, _ operation: TemplateExpression.ArithmeticOperator, _ b: Int
  ) throws -> TemplateValue? {
    let result: (partialValue: Int, overflow: Bool)
    switch operation {
    case .add: result = a.addingReportingOverflow(b)
    case .subtract: result = a.subtractingReportingOverflow(b)
    case .multiply: result = a.multipliedReportingOverflow(by: b)
    case .divide: return nil
    case .floorDivide, .modulo:
      guard b != 0 else { throw fail("a division by 0") }
      let quotient = a.dividedReportingOverflow(by: b)
      let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
      let isBelow = remainder != 0 && (remainder < 0) != (b < 0)
      if operation == .modulo { return .integer(isBelow ? remainder + b : remainder) }
      result = (isBelow ? quotient.partialValue - 1 : quotient.partialValue, quotient.overflow)
    case .power:
      guard b >= 0 else { return nil }
      result = Self.power(a, b)
    }
    guard !result.overflow else { throw fail("'\(operation.rawValue)' gives a number that is too large") }
    return .integer(result.partialValue)
  }

  private static func power(_ base: Int, _ exponent: Int) -> (partialValue: Int, overflow: Bool) {
    if base == 0 || base == 1 { return (exponent == 0 ? 1 : base, false) }
    if base == -1 { return (exponent.isMultiple(of: 2) ? 1 : -1, false) }
    guard exponent < 64 else { return (0, true) }
    var result = 1
    for _ in 0..<exponent {
      let (product, overflow) = result.multipliedReportingOverflow(by: base)
      if overflow { return (0, true) }
      result = product
    }
    return (result, false)
  }

  private func compute(
    _ a: Double, _ operation: TemplateExpression.ArithmeticOperator, _ b: Double
  ) throws -> Double {
    switch operation {
    case .add: return a + b
    case .subtract: return a - b
    case .multiply: return a * b
    case .power: return power(a, b)
    case .divide, .floorDivide, .modulo:
      guard b != 0 else { throw fail("a division by 0") }
      if operation == .divide { return a / b }
      let floored = (a / b).rounded(.down)
      return operation == .floorDivide ? floored : a - floored * b
    }
  }

  private func power(_ base: Double, _ exponent: Double) -> Double {
    guard exponent == exponent.rounded(), exponent.magnitude <= 1024 else {
      return exponent == 0.5 ? base.squareRoot() : .nan
    }
    var result = 1.0
    for _ in 0..<Int(exponent.magnitude) { result *= base }
    return exponent < 0 ? 1 / result : result
  }
}
