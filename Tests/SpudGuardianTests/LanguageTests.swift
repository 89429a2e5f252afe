internal import SpudErrors
internal import SpudGuardian
internal import SpudTensors
internal import Testing

@Suite("The language of policies")
struct LanguageTests {
  private static func decision(_ policies: String, _ context: [ExactString: CedarValue] = [:]) throws -> Decision {
    try PolicySet(parsing: policies, name: "p.cedar").decide(
      AuthorizationRequest(
        principal: EntityUID(type: "User", id: "alice"), action: .action("read"),
        resource: EntityUID(type: "Doc", id: "plan"), context: context),
      entities: .empty)
  }

  @Test("nothing is permitted by no policy, and forbidding wins")
  func combining() throws {
    #expect(try !Self.decision("").isAllowed)
    let permit = "permit (principal, action, resource);", forbid = "forbid (principal, action, resource);"
    #expect(try Self.decision(permit) == Decision(isAllowed: true, reasons: ["policy0"], failures: []))
    #expect(try Self.decision(permit + forbid) == Decision(isAllowed: false, reasons: ["policy1"], failures: []))
  }

  @Test("a policy that cannot be evaluated does not apply, either way, and is reported")
  func failures() throws {
    let decision = try Self.decision(
      """
      permit (principal, action, resource);
      forbid (principal, action, resource) when { context.risk > 3 };
      permit (principal, action, resource) when { 1 + "a" == 2 };
      """)
    #expect(decision.isAllowed)
    #expect(decision.reasons == ["policy0"])
    #expect(
      decision.failures == [
        .init(policy: "policy1", message: "a record has no attribute \"risk\""),
        .init(policy: "policy2", message: "'+' was given a string, but expects a number"),
      ])
  }

  @Test("texts that only look alike are different")
  func exactness() throws {
    let context: [ExactString: CedarValue] = ["name": .text("e\u{301}")]
    #expect(
      try !Self.decision("permit (principal, action, resource) when { context.name == \"é\" };", context).isAllowed)
    let composed = EntityUID(type: "User", id: "é"), decomposed = EntityUID(type: "User", id: "e\u{301}")
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
  }

  @Test(
    "what is wrong is said with its place",
    arguments: [
      ("permit (principal, action, resource)", "p.cedar:1:37: found the end where ';' was expected"),
      ("permit (principal, action);", "p.cedar:1:26: found ')' where ',' was expected"),
      (
        "allow (principal, action, resource);", "p.cedar:1:1: found 'allow' where permit or forbid was expected"
      ),
      (
        "permit (principal == ?principal, action, resource);",
        "p.cedar:1:22: a template's slot, and templates are not supported"
      ),
      (
        "permit (principal, action == User::\"a\", resource);",
        "p.cedar:1:30: 'User' is no type of actions, which is 'Action'"
      ),
      (
        "permit (principal, action, resource)\nwhen { foo };",
        "p.cedar:2:8: 'foo' is no variable; they are principal, action, resource and context"
      ),
      (
        "permit (principal, action, resource) when { 1 < 2 < 3 };",
        "p.cedar:1:51: comparisons in a row, which need brackets"
      ),
      (
        "permit (principal, action, resource) when { 9223372036854775808 == 1 };",
        "p.cedar:1:45: a number of more than 64 bits"
      ),
      ("permit (principal, action, resource) when { \"a };", "p.cedar:1:45: a string that does not end"),
      (
        "permit (principal, action, resource) when { {a: 1, a: 2} == 1 };",
        "p.cedar:1:52: the key 'a' stands twice in one record"
      ),
      (
        "permit (principal, action, resource) when { \"\\q\" == \"\" };",
        "p.cedar:1:45: a string with an unknown escape"
      ),
      (
        "permit (principal, action, resource) when { 1 # 2 };",
        "p.cedar:1:47: a character that no policy has outside of strings"
      ),
    ])
  func errors(text: String, message: String) throws {
    #expect(throws: SpudError(.badData, message)) { try PolicySet(parsing: text, name: "p.cedar") }
  }

  @Test("entities that are given twice, or are in themselves, are refused")
  func entities() throws {
    func store(_ json: String) throws -> EntityStore {
      try EntityStore(json: JSONValue(parsing: json, name: "e"), name: "e.json")
    }
    let a = #"{"uid": {"type": "G", "id": "a"}, "parents": [{"type": "G", "id": "b"}]}"#
    let b = #"{"uid": {"type": "G", "id": "b"}, "parents": [{"type": "G", "id": "a"}]}"#
    #expect(throws: SpudError(.badData, "e.json: the entity G::\"a\" is given twice")) { try store("[\(a), \(a)]") }
    #expect(throws: SpudError(.badData, "e.json: the entity G::\"a\" is in itself, by way of its groups")) {
      try store("[\(a), \(b)]")
    }
    #expect(throws: SpudError(.badData, "e.json: null, which no value is")) {
      try store(#"[{"uid": {"type": "G", "id": "a"}, "attrs": {"x": null}}]"#)
    }
    let alone = EntityUID(type: "G", id: "a"), group = EntityUID(type: "G", id: "b")
    #expect(try store("[\(a)]").isMember(alone, ofAny: [group]), "a group need not be known itself")
  }

  @Test("a name is the annotation @id, and a policy's id where there is none")
  func names() throws {
    let policies = try PolicySet(
      parsing: "@id(\"no writes\") forbid (principal, action, resource); permit (principal, action, resource);",
      name: "p")
    #expect(policies.policies.map(\.name) == ["no writes", "policy1"])
    #expect(policies.policies.map(\.id) == ["policy0", "policy1"])
  }
}
