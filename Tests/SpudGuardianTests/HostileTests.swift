internal import Foundation
internal import SpudErrors
internal import SpudGuardian
internal import SpudTensors
internal import Synchronization
internal import Testing

@Suite("Hostile policies")
struct HostileTests {
  private static func condition(_ expression: String) -> String {
    "permit (principal, action, resource) when { \(expression) };"
  }

  private static func nested(_ count: Int, _ nest: String) -> String {
    let parts = nest.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
    return condition(String(repeating: parts[0], count: count) + "true" + String(repeating: parts[1], count: count))
  }

  private static let request = AuthorizationRequest(
    principal: EntityUID(type: "User", id: "a"), action: .action("b"), resource: EntityUID(type: "Doc", id: "c"),
    context: ["deep": .long(1)])

  /// The ways in which an expression can stand in another; `_` is where.
  private static let nests = [
    "(_)", "[_]", "{a: _}", "!(_)", "-(_)", "if _ then true else true", "if true then _ else true",
    "[1].contains(_)", "ip(_)", "(_).a", "(1 + _)", "(_ == 1)", "(true && _)", "context[\"a\"].contains(_)",
  ]

  @Test(
    "expressions may stand sixty-three deep in each other, which a megabyte of stack is enough for even unoptimized",
    arguments: nests)
  func depth(nest: String) async throws {
    let outcome = Mutex<Result<Decision, any Error>?>(nil)
    let text = Self.nested(63, nest)
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      let thread = Thread {
        let result = Result { try PolicySet(parsing: text, name: "p").decide(Self.request, entities: .empty) }
        outcome.withLock { $0 = result }
        done.resume()
      }
      thread.stackSize = 1 << 20
      thread.start()
    }
    #expect(try outcome.withLock { try $0?.get() } != nil)
    #expect(throws: SpudError.self) { try PolicySet(parsing: Self.nested(64, nest), name: "p") }
    #expect(throws: SpudError.self) { try PolicySet(parsing: Self.nested(30_000, nest), name: "p") }
  }

  @Test("long rows are no deep ones", arguments: [" && ", " || ", " + ", " * "])
  func rows(separator: String) throws {
    let isLogic = separator != " + " && separator != " * "
    let row = [String](repeating: isLogic ? "(1 == 1)" : "1", count: 20_000).joined(separator: separator)
    let policies = try PolicySet(parsing: Self.condition(isLogic ? row : "\(row) > 0"), name: "p")
    #expect(policies.decide(Self.request, entities: .empty).isAllowed)
  }

  @Test("a long row of accesses is no deep one either")
  func accesses() throws {
    let row = "context" + String(repeating: ".deep", count: 50_000)
    let policies = try PolicySet(parsing: Self.condition(row), name: "p")
    #expect(policies.decide(Self.request, entities: .empty).failures.count == 1)
  }

  @Test("more than a megabyte is refused")
  func size() throws {
    let text = String(repeating: "// a comment that goes on\n", count: 50_000)
    #expect(throws: SpudError(.badData, "p: 1300000 bytes of policies, but the limit is 1048576")) {
      try PolicySet(parsing: text, name: "p")
    }
  }

  @Test("a pattern of many stars takes no longer than its length says")
  func patterns() throws {
    let text = String(repeating: "a", count: 20_000)
    let pattern = String(repeating: "*a", count: 5_000) + "*b"
    let policies = try PolicySet(parsing: Self.condition("context.text like \"\(pattern)\""), name: "p")
    var request = Self.request
    request.context["text"] = .text(text)
    #expect(!policies.decide(request, entities: .empty).isAllowed)
  }

  @Test("a chain of a hundred thousand groups is walked, and no stack with it")
  func groups() throws {
    let uids = (0..<100_000).map { EntityUID(type: "G", id: ExactString("\($0)")) }
    let store = try EntityStore(zip(uids, uids.dropFirst()).map { Entity(uid: $0, parents: [$1]) })
    #expect(store.isMember(uids[0], ofAny: [uids[99_999]]))
    #expect(!store.isMember(uids[1], ofAny: [uids[0]]))
  }

  @Test("policies cut anywhere, or with a byte changed, are read or refused, never worse")
  func damage() throws {
    let text = """
      @id("a\\u{e9}") forbid (principal is A::B in A::C::"x", action in [Action::"y", Action::"z"], resource)
      when { if context has a.b then -1 * 2 < context["é"] else [1, {k: ip("::1")}].containsAny([]) } // end
      unless { "a*" like "\\*" || principal.getTag("t") != decimal("1.5") };
      """
    let bytes = Array(text.utf8)
    var generator = SystemRandomNumberGenerator()
    for position in bytes.indices {
      var changed = bytes
      changed[position] = UInt8.random(in: 0...255, using: &generator)
      for bytes in [Array(bytes[..<position]), changed] {
        do {
          let policies = try PolicySet(parsing: String(decoding: bytes, as: UTF8.self), name: "p")
          _ = policies.decide(Self.request, entities: .empty)
        } catch {
          #expect(error is SpudError)
        }
      }
    }
  }
}
