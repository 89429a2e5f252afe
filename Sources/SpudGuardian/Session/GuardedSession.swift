internal import SpudErrors
internal import Synchronization

/// Decides what an agent may do in one session, with the session's own past in view.
///
/// An action is decided and entered into the counts in one step, so that however many ask at once, no quota is
/// overdrawn. Whoever was permitted must say how it ended: until then the action is in flight, and counts.
package final class GuardedSession: Sendable {
  /// Stands for one action that was permitted.
  package struct Ticket: Hashable, Sendable {
    fileprivate let number: Int
  }

  package enum Outcome: Sendable { case completed, failed }

  package struct Verdict: Sendable {
    /// The ticket of an action that may be taken now; nil where it may not.
    package let ticket: Ticket?
    /// The names of the policies that decided, each once.
    package let reasons: [String]
    package let failures: [Decision.Failure]

    package var isAllowed: Bool { ticket != nil }
  }

  private struct State {
    var counters: [CounterState]
    var open: Set<Ticket> = []
    var tickets = 0
  }

  private let policies: PolicySet
  private let entities: EntityStore
  private let counters: [SessionCounter]
  private let names: [String: String]
  private let now: @Sendable () -> Int64
  private let state: Mutex<State>

  /// - Parameters:
  ///   - counters: What to count; each name once.
  ///   - now: The time in milliseconds, from any origin, that never goes back.
  /// - Throws: `SpudError.usage` where two counters share a name.
  package init(
    policies: PolicySet, entities: EntityStore = .empty, counters: [SessionCounter] = [],
    now: @escaping @Sendable () -> Int64 = GuardedSession.uptime
  ) throws {
    if let twice = counters.first(where: { counter in counters.count { $0.name == counter.name } > 1 }) {
      throw SpudError(.usage, "two counters of a session are called '\(twice.name)'")
    }
    self.policies = policies
    self.entities = entities
    self.counters = counters
    self.now = now
    names = Dictionary(policies.policies.map { ($0.id, $0.name) }) { first, _ in first }
    state = Mutex(State(counters: counters.map { _ in CounterState() }))
  }

  /// Milliseconds since this process first asked.
  package static func uptime() -> Int64 {
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    return seconds * 1000 + attoseconds / 1_000_000_000_000_000
  }

  private static let start = ContinuousClock.now

  /// Decides one action, given as the requests that stand for it (`ToolCall.requests`), each of which must be
  /// permitted.
  ///
  /// No requests, and an error of any kind, are denials.
  package func decide(_ requests: [AuthorizationRequest]) -> Verdict {
    state.withLock { state in
      guard let first = requests.first else { return Verdict(ticket: nil, reasons: [], failures: []) }
      let time = now()
      let amounts = counters.map { $0.amount(of: first) }
      let counts = record(adding: amounts, at: time, &state)
      let decisions = requests.map { request in
        var request = request
        request.context["session"] = .record(counts)
        return policies.decide(request, entities: entities)
      }
      let isAllowed = decisions.allSatisfy(\.isAllowed)
      // Of a denial, what the requests that were denied were denied for.
      let told = isAllowed ? decisions : decisions.filter { !$0.isAllowed }
      let ticket = isAllowed ? Ticket(number: state.tickets) : nil
      enter(ticket, amounts, at: time, &state)
      return Verdict(
        ticket: ticket, reasons: Self.distinct(told.flatMap(\.reasons).map { names[$0] ?? $0 }),
        failures: Self.distinct(decisions.flatMap(\.failures)))
    }
  }

  /// Says how an action ended; what failed no longer counts as used.
  ///
  /// - Returns: False where it had ended already.
  @discardableResult
  package func finish(_ ticket: Ticket, _ outcome: Outcome) -> Bool {
    state.withLock { state in
      guard state.open.remove(ticket) != nil else { return false }
      for (position, counter) in counters.enumerated() where counter.state != .requested {
        state.counters[position].end(ticket, counts: outcome == .completed, windowed: counter.window != nil)
      }
      return true
    }
  }

  /// The counts as the policies see them: with the action in question, but for what is counted when done.
  private func record(adding amounts: [Int64?], at time: Int64, _ state: inout State) -> [ExactString: CedarValue] {
    var record: [ExactString: CedarValue] = [:]
    for (position, counter) in counters.enumerated() {
      let limit = counter.window.map { time - $0 }
      let past = state.counters[position].total(since: limit, includingFlight: counter.state == .used)
      let added = counter.state == .completed ? 0 : amounts[position] ?? 0
      record[ExactString(counter.name)] = counter.value(CounterState.sum(past, added))
    }
    return record
  }

  private func enter(_ ticket: Ticket?, _ amounts: [Int64?], at time: Int64, _ state: inout State) {
    for (position, counter) in counters.enumerated() {
      guard let amount = amounts[position] else { continue }
      if counter.state == .requested {
        state.counters[position].settle(amount, at: time, windowed: counter.window != nil)
      } else if let ticket {
        state.counters[position].begin(ticket, amount: amount, at: time)
      }
    }
    guard let ticket else { return }
    state.tickets += 1
    state.open.insert(ticket)
  }

  private static func distinct<T: Equatable>(_ items: [T]) -> [T] {
    items.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
