internal import Foundation
internal import SpudErrors
internal import SpudGuardian
internal import SpudTensors
internal import Testing

@Suite("Cedar's corpus")
struct CorpusTests {
  @Test("each request is decided as Cedar decides it, for the same reasons and with the same errors")
  func corpus() throws {
    let folder = ProcessInfo.processInfo.environment["SPUD_CEDAR_CORPUS"] ?? ""
    let archive = try CorpusArchive(archive: folder + "/corpus-tests.tar.gz")
    let names = archive.files.keys.filter { $0.hasSuffix(".cedar") }.map { String($0.dropLast(6)) }.sorted()
    var requests = 0, wrong = 0, refused: [String: Int] = [:]
    let clock = ContinuousClock()
    var times = [Duration](repeating: .zero, count: 5)
    for name in names {
      do {
        var t = clock.now
        func lap(_ i: Int) { let n = clock.now; times[i] += n - t; t = n }
        let policies = try PolicySet(parsing: String(decoding: archive.files[name + ".cedar"] ?? [], as: UTF8.self), name: "policies")
        lap(0)
        let ej = try JSONValue(parsing: archive.files[name + ".entities.json"] ?? [], name: "entities")
        lap(1)
        let entities = try EntityStore(json: ej, name: "entities")
        lap(2)
        let test = try JSONValue(parsing: archive.files[name + ".json"] ?? [], name: "test")
        lap(3)
        for request in test["requests"]?.array ?? [] {
          let decision = policies.decide(try AuthorizationRequest(json: request, name: "request"), entities: entities)
          requests += 1
          let expected = request["decision"]?.string == "allow"
          let reasons = (request["reason"]?.array ?? []).compactMap(\.string)
          let errors = (request["errors"]?.array ?? []).compactMap(\.string)
          if decision.isAllowed != expected || decision.reasons != reasons || decision.failures.map(\.policy) != errors {
            wrong += 1
            if wrong < 10 { print("WRONG", name, decision, request["decision"] as Any, reasons, errors) }
          }
        }
        lap(4)
      } catch let error as SpudError {
        refused[String(error.message.suffix(60)), default: 0] += 1
        if refused.count < 40 { print("REFUSED", name, error.message) }
      }
    }
    print("tests \(names.count), requests \(requests), wrong \(wrong), refused \(refused) times \(times)")
    #expect(wrong == 0)
  }
}
