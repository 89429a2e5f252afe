internal import Foundation
internal import SpudErrors
internal import SpudGuardian
internal import SpudTensors
internal import Testing

/// Cedar's own corpus (cedar-policy/cedar-integration-tests at f161e9f, Apache-2.0): all of it where SPUD_CEDAR_CORPUS
/// names the folder of its archive, else the 200 tests in Tests/Corpus/cedar.
@Suite("Cedar's corpus")
struct CorpusTests {
  private struct Tally {
    var ran = 0, requests = 0
    var wrong: [String] = []
    /// Why tests were left out, and how many.
    var leftOut: [String: Int] = [:]
    var constructs: [String: Int] = [:]
  }

  @Test("each request is decided as Cedar decides it, for the same reasons and with the same errors")
  func corpus() throws {
    let folder = ProcessInfo.processInfo.environment["SPUD_CEDAR_CORPUS"]
    let files = try folder.map { try CorpusArchive(archive: $0 + "/corpus-tests.tar.gz") } ?? Self.committed()
    let names = files.files.keys.filter { $0.hasSuffix(".cedar") }.map { String($0.dropLast(6)) }.sorted()
    var tally = Tally()
    for name in names { try Self.run(name, files, &tally) }
    let byConstruct = tally.constructs.sorted { $0.value > $1.value }.map { "\($0.key) \($0.value)" }
      .joined(separator: ", ")
    print(
      """
      Cedar's corpus: \(tally.ran) of \(names.count) tests ran, \(tally.requests) requests; left out: \(tally.leftOut)
        by construct: \(byConstruct)
      """)
    #expect(tally.wrong.isEmpty)
    #expect(tally.leftOut.isEmpty)
    #expect(names.count == (folder == nil ? 200 : 7809))
    #expect(tally.requests == names.count * 8)
  }

  private static func committed() throws -> CorpusArchive {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try CorpusArchive(folder: tests.path + "/Corpus/cedar")
  }

  private static func run(_ name: String, _ files: CorpusArchive, _ tally: inout Tally) throws {
    func text(_ suffix: String) throws -> [UInt8] { try #require(files.files[name + suffix], "\(name)\(suffix)") }
    let source = String(decoding: try text(".cedar"), as: UTF8.self)
    let policies: PolicySet
    let entities: EntityStore
    do {
      policies = try PolicySet(parsing: source, name: "policies")
      entities = try EntityStore(json: JSONValue(parsing: text(".entities.json"), name: "json"), name: "entities")
    } catch let error as SpudError {
      // Without its place, an error names the construct.
      tally.leftOut[error.message.split(separator: ": ").dropFirst().joined(separator: ": "), default: 0] += 1
      return
    }
    tally.ran += 1
    for construct in constructs where source.contains(construct) { tally.constructs[construct, default: 0] += 1 }
    let test = try JSONValue(parsing: text(".json"), name: "test")
    for request in try #require(test["requests"]?.array) {
      tally.requests += 1
      let decision = policies.decide(try AuthorizationRequest(json: request, name: "request"), entities: entities)
      let isAllowed = request["decision"]?.string == "allow"
      if decision.isAllowed != isAllowed || decision.reasons != strings(request["reason"])
        || decision.failures.map(\.policy) != strings(request["errors"])
      {
        tally.wrong.append(name)
      }
    }
  }

  private static func strings(_ json: JSONValue?) -> [String] { (json?.array ?? []).compactMap(\.string) }

  private static let constructs = [
    " in ", " is ", " has ", " like ", "if ", ".contains(", ".containsAll(", ".containsAny(", ".isEmpty(", ".hasTag(",
    ".getTag(", "ip(", "decimal(", "datetime(", "duration(", " + ", " * ", "-(", "unless", "forbid", "@",
  ]
}
