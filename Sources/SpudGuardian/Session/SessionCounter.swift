/// Something that a session counts, for policies to read as `context.session.<name>`.
package struct SessionCounter: Sendable {
  /// Which actions count.
  package enum State: Sendable {
    /// Each that was asked for, the denied ones and the one in question among them.
    case requested
    /// Those permitted that did not fail: done, in flight, and the one in question, as if it were permitted. So a quota
    /// of three is `context.session.sent > 3`, and two at once cannot both be the third.
    case used
    /// Those that are done, for "only after": the one in question and those in flight do not count.
    case completed
  }

  package enum Measure: Sendable {
    /// How many; a number.
    case count
    /// The sum of an attribute of `context.input`; a decimal. A call without it adds nothing, and one below zero what
    /// it would above, so that nothing is won back by it. A sum that does not fit stays at the largest decimal.
    case sum(of: String)
  }

  package let name: String
  /// The actions that count, by id; empty for all.
  package let actions: Set<String>
  package let state: State
  package let measure: Measure
  /// How long an action counts after its decision, in milliseconds; nil for as long as the session lasts.
  package let window: Int64?

  package init(
    _ name: String, of actions: Set<String> = [], state: State = .used, measure: Measure = .count, window: Int64? = nil
  ) {
    self.name = name
    self.actions = actions
    self.state = state
    self.measure = measure
    self.window = window
  }

  /// What `request` adds, in wholes or in ten-thousandths; nil where it is none of the actions.
  func amount(of request: AuthorizationRequest) -> Int64? {
    guard actions.isEmpty || actions.contains(where: { ExactString($0) == request.action.id }) else { return nil }
    guard case .sum(let attribute) = measure else { return 1 }
    guard case .record(let input) = request.context["input"] else { return 0 }
    switch input[ExactString(attribute)] {
    case .decimal(let decimal): return Int64(clamping: decimal.tenThousandths.magnitude)
    case .long(let value):
      let (scaled, overflow) = Int64(clamping: value.magnitude).multipliedReportingOverflow(by: 10_000)
      return overflow ? .max : scaled
    default: return 0
    }
  }

  func value(_ total: Int64) -> CedarValue {
    if case .count = measure { .long(total) } else { .decimal(FixedDecimal(tenThousandths: total)) }
  }
}
