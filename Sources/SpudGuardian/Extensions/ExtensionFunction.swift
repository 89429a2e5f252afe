/// A function of Cedar's extension types, by the name that policies call it by.
package enum ExtensionFunction: String, Sendable, CaseIterable {
  case decimal, lessThan, lessThanOrEqual, greaterThan, greaterThanOrEqual
  case ip, isIpv4, isIpv6, isLoopback, isMulticast, isInRange
  case datetime, offset, durationSince, toDate, toTime
  case duration, toMilliseconds, toSeconds, toMinutes, toHours, toDays

  /// Whether it is called as `f(x)`; the others are called as `x.f(…)`.
  var isConstructor: Bool {
    switch self {
    case .decimal, .ip, .datetime, .duration: true
    default: false
    }
  }

  /// How many arguments it takes, the value in front of the point among them.
  private var argumentCount: Int {
    switch self {
    case .lessThan, .lessThanOrEqual, .greaterThan, .greaterThanOrEqual, .isInRange, .offset, .durationSince: 2
    default: 1
    }
  }

  /// - Throws: `EvaluationError` for arguments of another number or type, for text that is no such value, and for
  ///   results that do not fit. A wrong number too is found here only, as in Cedar: it ends one policy, not the set.
  func call(_ arguments: [CedarValue]) throws -> CedarValue {
    guard arguments.count == argumentCount, let first = arguments.first, let second = arguments.last else {
      throw EvaluationError("\(rawValue) was given \(arguments.count) arguments, but takes \(argumentCount)")
    }
    switch self {
    case .decimal: return .decimal(try parsed(first, FixedDecimal.init(parsing:)))
    case .lessThan: return .bool(try decimal(first) < decimal(second))
    case .lessThanOrEqual: return .bool(try decimal(first) <= decimal(second))
    case .greaterThan: return .bool(try decimal(first) > decimal(second))
    case .greaterThanOrEqual: return .bool(try decimal(first) >= decimal(second))
    case .ip: return .ip(try parsed(first, IPRange.init(parsing:)))
    case .isIpv4: return .bool(try ip(first).family == .v4)
    case .isIpv6: return .bool(try ip(first).family == .v6)
    case .isLoopback: return .bool(try ip(first).isLoopback)
    case .isMulticast: return .bool(try ip(first).isMulticast)
    case .isInRange: return .bool(try ip(first).isWithin(ip(second)))
    case .datetime: return .datetime(try parsed(first, Datetime.init(parsing:)))
    case .offset: return .datetime(try checked(datetime(first).adding(duration(second))))
    case .durationSince: return .duration(try checked(datetime(first).since(datetime(second))))
    case .toDate: return .datetime(try checked(datetime(first).date))
    case .toTime: return .duration(try datetime(first).timeOfDay)
    case .duration: return .duration(try parsed(first, TimeSpan.init(parsing:)))
    case .toMilliseconds: return .long(try duration(first).milliseconds)
    case .toSeconds: return .long(try duration(first).milliseconds / 1000)
    case .toMinutes: return .long(try duration(first).milliseconds / 60_000)
    case .toHours: return .long(try duration(first).milliseconds / 3_600_000)
    case .toDays: return .long(try duration(first).milliseconds / 86_400_000)
    }
  }

  private func parsed<T>(_ value: CedarValue, _ parse: (String) -> T?) throws -> T {
    guard case .string(let text) = value else { throw wrong(value, "a string") }
    guard let result = parse(text.text) else { throw EvaluationError("\(rawValue)(\(text)) is no \(rawValue)") }
    return result
  }

  private func checked<T>(_ value: T?) throws -> T {
    guard let value else { throw EvaluationError("\(rawValue) overflows") }
    return value
  }

  private func decimal(_ value: CedarValue) throws -> FixedDecimal {
    guard case .decimal(let decimal) = value else { throw wrong(value, "a decimal") }
    return decimal
  }

  private func ip(_ value: CedarValue) throws -> IPRange {
    guard case .ip(let range) = value else { throw wrong(value, "an IP address") }
    return range
  }

  private func datetime(_ value: CedarValue) throws -> Datetime {
    guard case .datetime(let datetime) = value else { throw wrong(value, "a datetime") }
    return datetime
  }

  private func duration(_ value: CedarValue) throws -> TimeSpan {
    guard case .duration(let span) = value else { throw wrong(value, "a duration") }
    return span
  }

  private func wrong(_ value: CedarValue, _ expected: String) -> EvaluationError {
    EvaluationError("\(rawValue) was given \(value.typeName), but expects \(expected)")
  }
}
