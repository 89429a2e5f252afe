/// What a Cedar expression evaluates to.
///
/// - Note: Sets are unordered and hold each value once, so `[1, 2] == [2, 1, 1]`, as Cedar has it.
package enum CedarValue: Hashable, Sendable {
  case bool(Bool)
  case long(Int64)
  case string(ExactString)
  case entity(EntityUID)
  case set(Set<CedarValue>)
  case record([ExactString: CedarValue])
  case decimal(FixedDecimal)
  case ip(IPRange)
  case datetime(Datetime)
  case duration(TimeSpan)

  /// The type, as an error names it.
  package var typeName: String {
    switch self {
    case .bool: "a boolean"
    case .long: "a number"
    case .string: "a string"
    case .entity: "an entity"
    case .set: "a set"
    case .record: "a record"
    case .decimal: "a decimal"
    case .ip: "an IP address"
    case .datetime: "a datetime"
    case .duration: "a duration"
    }
  }

  /// A string of our own.
  package static func text(_ text: String) -> CedarValue { .string(ExactString(text)) }
}
