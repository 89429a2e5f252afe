/// Evaluates expressions for one request.
struct Evaluator {
  let request: AuthorizationRequest
  let entities: EntityStore

  /// - Throws: `EvaluationError`.
  func evaluate(_ expression: Expression) throws -> CedarValue {
    switch expression {
    case .literal(let value): return value
    case .variable(let variable): return value(of: variable)
    case .set(let elements): return .set(Set(try elements.map { try evaluate($0) }))
    case .record(let members): return try record(members)
    case .and(let operands): return .bool(try operands.allSatisfy { try bool($0) })
    case .or(let operands): return .bool(try operands.contains { try bool($0) })
    case .conditional(let condition, let then, let otherwise):
      return try evaluate(try bool(condition) ? then : otherwise)
    case .equal(let a, let b, let negated): return .bool(try (evaluate(a) == evaluate(b)) != negated)
    case .ordered(let a, let ordering, let b): return .bool(try compare(evaluate(a), ordering, evaluate(b)))
    case .isIn(let a, let b): return .bool(try isIn(entity(evaluate(a), "in"), evaluate(b)))
    case .isType(let a, let type, let group): return .bool(try isType(evaluate(a), type, in: group))
    case .has(let a, let attributes): return .bool(try has(evaluate(a), attributes))
    case .like(let a, let pattern): return .bool(try pattern.matches(string(evaluate(a), "like")))
    case .arithmetic(let first, let rest): return .long(try calculate(first, rest))
    case .not(let operand, let count): return .bool(try bool(operand) != (count % 2 == 1))
    case .negation(let operand, let count): return .long(try negate(evaluate(operand), count: count))
    case .access(let value, let accesses): return try accesses.reduce(evaluate(value)) { try access($0, $1) }
    case .call(let function, let arguments): return try function.call(arguments.map { try evaluate($0) })
    }
  }

  func bool(_ expression: Expression) throws -> Bool {
    let value = try evaluate(expression)
    guard case .bool(let bool) = value else { throw wrong(value, "a boolean", "a condition") }
    return bool
  }

  private func value(of variable: Expression.Variable) -> CedarValue {
    switch variable {
    case .principal: .entity(request.principal)
    case .action: .entity(request.action)
    case .resource: .entity(request.resource)
    case .context: .record(request.context)
    }
  }

  private func record(_ members: [(key: ExactString, value: Expression)]) throws -> CedarValue {
    var record: [ExactString: CedarValue] = [:]
    for member in members { record[member.key] = try evaluate(member.value) }
    return .record(record)
  }

  // MARK: Relations

  private func compare(_ a: CedarValue, _ ordering: Expression.Ordering, _ b: CedarValue) throws -> Bool {
    switch (a, b) {
    case (.long(let a), .long(let b)): return ordering.holds(a, b)
    case (.datetime(let a), .datetime(let b)): return ordering.holds(a, b)
    case (.duration(let a), .duration(let b)): return ordering.holds(a, b)
    default: throw EvaluationError("'\(ordering.rawValue)' was given \(a.typeName) and \(b.typeName)")
    }
  }

  private func isIn(_ uid: EntityUID, _ groups: CedarValue) throws -> Bool {
    switch groups {
    case .entity(let group): return entities.isMember(uid, ofAny: [group])
    case .set(let values): return entities.isMember(uid, ofAny: Set(try values.map { try entity($0, "in") }))
    default: throw wrong(groups, "an entity or a set of entities", "'in'")
    }
  }

  private func isType(_ value: CedarValue, _ type: ExactString, in group: Expression?) throws -> Bool {
    let uid = try entity(value, "is")
    guard uid.type == type else { return false }
    guard let group else { return true }
    return try isIn(uid, evaluate(group))
  }

  private func has(_ value: CedarValue, _ attributes: [ExactString]) throws -> Bool {
    var value = value
    for attribute in attributes {
      let found: CedarValue?
      switch value {
      case .entity(let uid): found = entities[uid]?.attributes[attribute]
      case .record(let record): found = record[attribute]
      default: throw wrong(value, "an entity or a record", "'has'")
      }
      guard let found else { return false }
      value = found
    }
    return true
  }

  // MARK: Arithmetic

  private func calculate(
    _ first: Expression, _ rest: [(sign: Expression.Arithmetic, operand: Expression)]
  ) throws -> Int64 {
    var result = try long(evaluate(first), rest.first?.sign.rawValue ?? "+")
    for (sign, operand) in rest {
      let operand = try long(evaluate(operand), sign.rawValue)
      let (value, overflow) = sign.apply(result, operand)
      guard !overflow else { throw EvaluationError("\(result) \(sign.rawValue) \(operand) overflows") }
      result = value
    }
    return result
  }

  private func negate(_ value: CedarValue, count: Int) throws -> Int64 {
    var result = try long(value, "-")
    for _ in 0..<count {
      guard result != .min else { throw EvaluationError("-(\(result)) overflows") }
      result = -result
    }
    return result
  }

  // MARK: Types

  func long(_ value: CedarValue, _ user: String) throws -> Int64 {
    guard case .long(let long) = value else { throw wrong(value, "a number", "'\(user)'") }
    return long
  }

  func string(_ value: CedarValue, _ user: String) throws -> ExactString {
    guard case .string(let string) = value else { throw wrong(value, "a string", "'\(user)'") }
    return string
  }

  func entity(_ value: CedarValue, _ user: String) throws -> EntityUID {
    guard case .entity(let uid) = value else { throw wrong(value, "an entity", "'\(user)'") }
    return uid
  }

  func wrong(_ value: CedarValue, _ expected: String, _ user: String) -> EvaluationError {
    EvaluationError("\(user) was given \(value.typeName), but expects \(expected)")
  }
}
