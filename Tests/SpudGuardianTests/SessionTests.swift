internal import SpudErrors
internal import SpudGuardian
internal import SpudTensors
internal import Synchronization
internal import Testing

@Suite("A session's counts")
struct SessionTests {
  private static let quota = """
    permit (principal, action, resource);
    @id("three at most") forbid (principal, action, resource) when { context.session.sent > 3 };
    """

  private static func request(_ action: String, amount: FixedDecimal? = nil) -> AuthorizationRequest {
    AuthorizationRequest(
      principal: EntityUID(type: "Task", id: "t"), action: .action(action), resource: EntityUID(type: "Tool", id: "x"),
      context: ["input": .record(amount.map { ["amount": .decimal($0)] } ?? [:])])
  }

  private static func session(
    _ policies: String, _ counters: [SessionCounter], now: @escaping @Sendable () -> Int64 = { 0 }
  ) throws -> GuardedSession {
    try GuardedSession(policies: PolicySet(parsing: policies, name: "policies"), counters: counters, now: now)
  }

  @Test("actions in flight use up a quota, and failed ones give it back")
  func inFlight() throws {
    let session = try Self.session(Self.quota, [SessionCounter("sent", of: ["send"])])
    let tickets = try (0..<3).map { _ in try #require(session.decide([Self.request("send")]).ticket) }
    let denied = session.decide([Self.request("send")])
    #expect(!denied.isAllowed)
    #expect(denied.reasons == ["three at most"])
    // What is not counted is not stopped: with three sent, a read sees three.
    #expect(session.decide([Self.request("read")]).isAllowed)
    #expect(session.finish(tickets[0], .failed))
    #expect(!session.finish(tickets[0], .completed), "an action ends once")
    #expect(session.decide([Self.request("send")]).isAllowed)
    #expect(session.finish(tickets[1], .completed))
    #expect(!session.decide([Self.request("send")]).isAllowed, "what is done still counts")
  }

  @Test("of a hundred who ask at once, three are permitted, however they are interleaved", arguments: 0..<20)
  func concurrency(round: Int) async throws {
    let session = try Self.session(Self.quota, [SessionCounter("sent", of: ["send"])])
    let permitted = await withTaskGroup(of: Int.self) { group in
      for index in 0..<100 {
        group.addTask {
          guard let ticket = session.decide([Self.request("send")]).ticket else { return 0 }
          if index % 2 == 0 { await Task.yield() }
          session.finish(ticket, .completed)
          return 1
        }
      }
      return await group.reduce(0, +)
    }
    #expect(permitted == 3)
  }

  @Test("while actions fail and end at once, never more than three are in flight or done")
  func concurrentFailures() async throws {
    let session = try Self.session(Self.quota, [SessionCounter("sent", of: ["send"])])
    let running = Running()
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<400 {
        group.addTask {
          guard let ticket = session.decide([Self.request("send")]).ticket else { return }
          running.begin()
          await Task.yield()
          // Before the session hears of it, so that the next cannot be let in between.
          running.end(isDone: index % 50 == 0)
          session.finish(ticket, index % 50 == 0 ? .completed : .failed)
        }
      }
    }
    #expect(running.most <= 3)
    #expect(running.most > 0)
  }

  @Test("a sum counts what is asked for with what was spent, and a negative amount wins nothing back")
  func sums() throws {
    let session = try Self.session(
      """
      permit (principal, action, resource);
      forbid (principal, action, resource) when { context.session.spent.greaterThan(decimal("100.0")) };
      """, [SessionCounter("spent", of: ["pay"], measure: .sum(of: "amount"))])
    func pay(_ amount: String) -> Bool {
      session.decide([Self.request("pay", amount: FixedDecimal(parsing: amount))]).isAllowed
    }
    #expect(pay("60.0"))
    #expect(!pay("40.01"))
    #expect(pay("-20.0"))
    #expect(!pay("20.01"))
    #expect(pay("20.0"))
    #expect(!pay("922337203685477.5807"))
    #expect(!pay("0.0001"))
  }

  @Test("what is asked for counts though it was denied, and what is done only once it is")
  func states() throws {
    let session = try Self.session(
      """
      permit (principal, action == Action::"approve", resource);
      permit (principal, action == Action::"send", resource) when { context.session.approvals >= 1 };
      forbid (principal, action, resource) when { context.session.tries > 3 };
      """,
      [
        SessionCounter("approvals", of: ["approve"], state: .completed),
        SessionCounter("tries", of: ["send"], state: .requested),
      ])
    #expect(!session.decide([Self.request("send")]).isAllowed)
    let ticket = try #require(session.decide([Self.request("approve")]).ticket)
    #expect(!session.decide([Self.request("send")]).isAllowed, "an approval in flight is none")
    session.finish(ticket, .completed)
    #expect(session.decide([Self.request("send")]).isAllowed)
    #expect(!session.decide([Self.request("send")]).isAllowed, "the fourth try")
  }

  @Test("a window forgets, but not what is still in flight")
  func windows() throws {
    let clock = ManualClock()
    let session = try Self.session(
      Self.quota, [SessionCounter("sent", of: ["send"], window: 1000)], now: { clock.milliseconds })
    let tickets = try (0..<3).map { _ in try #require(session.decide([Self.request("send")]).ticket) }
    session.finish(tickets[0], .completed)
    session.finish(tickets[1], .completed)
    clock.set(1000)
    #expect(!session.decide([Self.request("send")]).isAllowed, "just within")
    clock.set(1001)
    #expect(session.decide([Self.request("send")]).isAllowed)
    #expect(session.decide([Self.request("send")]).isAllowed)
    #expect(!session.decide([Self.request("send")]).isAllowed, "the third has been in flight all the time")
  }

  @Test("an action with no request, and two counters of one name, are refused")
  func misuse() throws {
    #expect(!(try Self.session("permit (principal, action, resource);", []).decide([])).isAllowed)
    #expect(throws: SpudError(.usage, "two counters of a session are called 'sent'")) {
      try Self.session(Self.quota, [SessionCounter("sent"), SessionCounter("sent")])
    }
  }
}

/// A clock that stands still until it is set.
private final class ManualClock: Sendable {
  private let time = Mutex<Int64>(0)

  var milliseconds: Int64 { time.withLock { $0 } }

  func set(_ milliseconds: Int64) { time.withLock { $0 = milliseconds } }
}

/// How many actions are being taken or are done, and the most there ever were.
private final class Running: Sendable {
  private let counts = Mutex((now: 0, most: 0))

  var most: Int { counts.withLock { $0.most } }

  func begin() {
    counts.withLock {
      $0.now += 1
      $0.most = max($0.most, $0.now)
    }
  }

  func end(isDone: Bool) {
    if !isDone { counts.withLock { $0.now -= 1 } }
  }
}
