extension Evaluator {
  /// One step behind a value: an attribute, a method, or a function of an extension type.
  func access(_ value: CedarValue, _ access: Expression.Access) throws -> CedarValue {
    switch access {
    case .attribute(let name): return try attribute(name, of: value)
    case .function(let function, let arguments):
      return try function.call([value] + arguments.map { try evaluate($0) })
    case .method(let method, let arguments): return try call(method, on: value, arguments.map { try evaluate($0) })
    }
  }

  private func attribute(_ name: ExactString, of value: CedarValue) throws -> CedarValue {
    switch value {
    case .record(let record):
      guard let found = record[name] else { throw EvaluationError("a record has no attribute \(name)") }
      return found
    case .entity(let uid):
      guard let found = try known(uid).attributes[name] else {
        throw EvaluationError("\(uid) has no attribute \(name)")
      }
      return found
    default: throw wrong(value, "an entity or a record", "the attribute \(name)")
    }
  }

  private func call(_ method: Expression.Method, on value: CedarValue, _ arguments: [CedarValue]) throws -> CedarValue {
    let name = method.rawValue
    guard let argument = arguments.first else { return .bool(try set(value, name).isEmpty) }
    switch method {
    case .isEmpty: return .bool(try set(value, name).isEmpty)
    case .contains: return .bool(try set(value, name).contains(argument))
    case .containsAll: return .bool(try set(value, name).isSuperset(of: set(argument, name)))
    case .containsAny: return .bool(try !set(value, name).isDisjoint(with: set(argument, name)))
    case .hasTag:
      let uid = try entity(value, name), tag = try string(argument, name)
      return .bool(entities[uid]?.tags[tag] != nil)
    case .getTag:
      let uid = try entity(value, name), tag = try string(argument, name)
      guard let found = try known(uid).tags[tag] else { throw EvaluationError("\(uid) has no tag \(tag)") }
      return found
    }
  }

  private func known(_ uid: EntityUID) throws -> Entity {
    guard let entity = entities[uid] else { throw EvaluationError("\(uid) is not among the entities") }
    return entity
  }

  private func set(_ value: CedarValue, _ user: String) throws -> Set<CedarValue> {
    guard case .set(let set) = value else { throw wrong(value, "a set", "'\(user)'") }
    return set
  }
}

extension Expression.Ordering {
  func holds<T: Comparable>(_ a: T, _ b: T) -> Bool {
    switch self {
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    }
  }
}

extension Expression.Arithmetic {
  func apply(_ a: Int64, _ b: Int64) -> (value: Int64, overflow: Bool) {
    let (value, overflow) =
      switch self {
      case .plus: a.addingReportingOverflow(b)
      case .minus: a.subtractingReportingOverflow(b)
      case .times: a.multipliedReportingOverflow(by: b)
      }
    return (value, overflow)
  }
}
