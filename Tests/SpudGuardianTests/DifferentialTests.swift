internal import Foundation
internal import SpudErrors
internal import SpudGuardian
internal import SpudTensors
internal import Testing

@Suite("Generated policies and requests, against cedarpy 4.12.2")
struct DifferentialTests {
  /// The goldens were made by `differential.py 1 1000 differential.json` in Scripts/guardian; SPUD_CEDAR_DIFFERENTIAL
  /// names another file of that program's, with another seed and more cases, to be run in their place.
  @Test("each is refused, decided, reasoned and failed as there")
  func goldens() throws {
    let own = URL(filePath: #filePath).deletingLastPathComponent().path + "/Fixtures/differential.json"
    let path = ProcessInfo.processInfo.environment["SPUD_CEDAR_DIFFERENTIAL"] ?? own
    let file = try JSONValue(contentsOf: path)
    let stores = try (file["entities"]?.array ?? []).map { try EntityStore(json: $0, name: "entities") }
    let requests = try (file["requests"]?.array ?? []).map { try AuthorizationRequest(json: $0, name: "request") }
    var refused = 0, decided = 0, allowed = 0, failed = 0
    for item in try #require(file["cases"]?.array) {
      let text = try #require(item["policies"]?.string)
      guard let answers = item["answers"]?.array else {
        refused += 1
        #expect(throws: SpudError.self, "\(text)") { try PolicySet(parsing: text, name: "policies") }
        continue
      }
      let policies = try PolicySet(parsing: text, name: "policies")
      let entities = stores[try #require(item["entities"]?.int)]
      for (request, answer) in zip(item["requests"]?.array ?? [], answers) {
        let decision = policies.decide(requests[try #require(request.int)], entities: entities)
        let expected = try #require(answer.array)
        decided += 1
        allowed += decision.isAllowed ? 1 : 0
        failed += decision.failures.isEmpty ? 0 : 1
        #expect(decision.isAllowed == (expected[0].int == 1), "\(text) \(request)")
        #expect(decision.reasons == Self.names(expected[1]), "\(text) \(request)")
        #expect(decision.failures.map(\.policy) == Self.names(expected[2]), "\(text) \(request) \(decision.failures)")
      }
    }
    print(
      "cedarpy: \(decided) requests, \(allowed) allowed, \(failed) with errors; \(refused) sets of policies refused")
    #expect(decided > 4000 && allowed > 500 && failed > 1000 && refused > 100)
  }

  private static func names(_ numbers: JSONValue) -> [String] {
    (numbers.array ?? []).compactMap(\.int).map { "policy\($0)" }
  }
}
