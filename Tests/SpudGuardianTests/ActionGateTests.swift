import Dispatch
import SpudErrors
import Synchronization
import Testing

@testable import SpudGuardian

@Suite("The gate before and behind an action")
struct ActionGateTests {
  private static let principal = EntityUID(type: "Task", id: "t")

  private static func gate(
    opinion: (@Sendable (Proposal) -> Opinion)? = nil, patience: Duration = .seconds(120)
  ) throws -> ActionGate {
    let policies = try PolicySet(
      parsing: """
        permit (principal, action == Action::"pay", resource) when { context.input.amount <= 10 };
        forbid (principal, action == Action::"pay", resource) when { context.session.paid > 3 };
        """, name: "test")
    let session = try GuardedSession(policies: policies, counters: [SessionCounter("paid", of: ["pay"])])
    return ActionGate(session: session, principal: principal, opinion: opinion, patience: patience)
  }

  private static func pay(_ amount: Int, seen: String = "a screen") -> Proposal {
    Proposal(
      action: "click", target: "Pay", effect: .init(name: "pay", values: ["amount": "\(amount)"]),
      seen: Fingerprint(of: seen))
  }

  private static func claim(_ gate: ActionGate, _ proposal: Proposal) -> Bool {
    guard let effect = proposal.effect else { return false }
    let verdict = gate.claim(effect, seen: proposal.seen, target: proposal.target)
    gate.finish(verdict, .completed)
    return verdict.isAllowed
  }

  @Test("SHA-256 is that of the standard")
  func fingerprints() {
    #expect("\(Fingerprint(of: "abc"))" == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect("\(Fingerprint(of: ""))" == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    let million = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000)
    #expect("\(Fingerprint(of: million))" == "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3")
  }

  @Test("what was approved passes once, for the screen, the target and the values that it was approved for")
  func binding() throws {
    let gate = try Self.gate()
    #expect(!Self.claim(gate, Self.pay(5)))
    #expect(gate.propose(Self.pay(5)).isAllowed)
    #expect(!Self.claim(gate, Self.pay(6)))
    #expect(!Self.claim(gate, Self.pay(5, seen: "another screen")))
    #expect(
      !gate.claim(.init(name: "pay", values: ["amount": "5", "to": "x"]), seen: Self.pay(5).seen, target: "Pay")
        .isAllowed)
    #expect(Self.claim(gate, Self.pay(5)))
    #expect(!Self.claim(gate, Self.pay(5)))
    #expect(!gate.propose(Self.pay(11)).isAllowed)
  }

  @Test("quotas count what is in flight, and not what was taken back or has failed")
  func quotas() throws {
    let gate = try Self.gate()
    for _ in 0..<3 { #expect(gate.propose(Self.pay(1)).isAllowed) }
    #expect(!gate.propose(Self.pay(1)).isAllowed)
    gate.withdraw()
    #expect(gate.propose(Self.pay(1)).isAllowed)
  }

  @Test("an opinion that vetoes, asks nobody, or comes late stops the action")
  func opinions() throws {
    #expect(try Self.gate(opinion: { _ in .allow }).propose(Self.pay(1)).isAllowed)
    #expect(try !Self.gate(opinion: { _ in .veto }).propose(Self.pay(1)).isAllowed)
    #expect(try !Self.gate(opinion: { _ in .ask }).propose(Self.pay(1)).isAllowed)
    // It would allow, but only after the verdict stands.
    let stands = DispatchSemaphore(value: 0)
    let slow = try Self.gate(
      opinion: { _ in
        stands.wait()
        return .allow
      }, patience: .milliseconds(20))
    #expect(!slow.propose(Self.pay(1)).isAllowed)
    stands.signal()
  }

  @Test("no write precedes its verdict, in 10,000 runs with delays injected")
  func order() async throws {
    // Each run: an agent that proposes, a page that claims at a time of its own, and a world that notes its writes.
    let runs = 10_000
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<8 {
        group.addTask {
          for run in stride(from: worker, to: runs, by: 8) { try await Self.race(run) }
        }
      }
      try await group.waitForAll()
    }
  }

  private static func race(_ run: Int) async throws {
    let world = World()
    var random = SystemRandomNumberGenerator()
    let amount = Int.random(in: 1...12, using: &random)
    let (before, between) = (Int.random(in: 0...30, using: &random), Int.random(in: 0...30, using: &random))
    let gate = try gate(opinion: { _ in
      Self.spin(before)
      return run % 7 == 0 ? .veto : .allow
    })
    let proposal = pay(amount)
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        Self.spin(between)
        // The verdict stands in the gate's own log before `propose` returns.
        _ = gate.propose(proposal)
      }
      group.addTask {
        for _ in 0..<4 {
          Self.spin(10)
          if Self.claim(gate, proposal) { world.writes.wrappingAdd(1, ordering: .relaxed) }
          await Task.yield()
        }
      }
    }
    let events = gate.events
    let writes = world.writes.load(ordering: .relaxed)
    let approved = events.firstIndex { if case .approved = $0 { true } else { false } }
    let passed = events.indices.filter { if case .passed = events[$0] { true } else { false } }
    #expect(writes == passed.count)
    #expect(passed.count <= 1)
    for place in passed { #expect(approved.map { $0 < place } == true) }
    if amount > 10 || run % 7 == 0 { #expect(writes == 0) }
  }

  /// Lets others go first, or not.
  private static func spin(_ count: Int) {
    for _ in 0..<count { _ = Fingerprint(of: [UInt8(truncatingIfNeeded: count)]) }
  }
}

/// What is written, and how often.
private final class World: Sendable {
  let writes = Atomic(0)
}
