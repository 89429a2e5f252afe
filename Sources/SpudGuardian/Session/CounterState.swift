/// What one counter has counted.
struct CounterState {
  /// Without a window: the sum of what is settled.
  private var settled: Int64 = 0
  /// With a window: what is settled, in the order of settling, each with the time of its decision.
  private var recent: [(time: Int64, amount: Int64)] = []
  private var inFlight: [GuardedSession.Ticket: (time: Int64, amount: Int64)] = [:]

  /// The sum of what is settled and not too old, and of what is in flight where `includingFlight`.
  mutating func total(since limit: Int64?, includingFlight: Bool) -> Int64 {
    if let limit { recent.removeAll { $0.time < limit } }
    let flying = includingFlight ? inFlight.values.map(\.amount) : []
    return (recent.map(\.amount) + flying).reduce(settled, Self.sum)
  }

  mutating func begin(_ ticket: GuardedSession.Ticket, amount: Int64, at time: Int64) {
    inFlight[ticket] = (time, amount)
  }

  mutating func end(_ ticket: GuardedSession.Ticket, counts: Bool, windowed: Bool) {
    guard let flight = inFlight.removeValue(forKey: ticket), counts else { return }
    settle(flight.amount, at: flight.time, windowed: windowed)
  }

  mutating func settle(_ amount: Int64, at time: Int64, windowed: Bool) {
    if windowed { recent.append((time, amount)) } else { settled = Self.sum(settled, amount) }
  }

  /// Neither is below zero, so what does not fit is too large.
  static func sum(_ a: Int64, _ b: Int64) -> Int64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }
}
