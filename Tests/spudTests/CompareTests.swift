import Foundation
import Testing

@Suite("spud compare")
struct CompareTests {
  private static let question = """
    {"id":"%","skill":"%","task":"t","turns":[{"role":"user","parts":[{"image":"scene.png"},\
    {"text":"what is % there?"}]}],\
    "answer":"red","descriptions":{"image":["a red star at the top"]}}
    """

  /// A suite of as many questions of two skills, all about one picture.
  private static func write(_ count: Int, to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let scene = CommandLineProgram.repository.appending(path: "Models/spud-nano/examples/scene.png")
    try FileManager.default.copyItem(at: scene, to: folder.appending(path: "scene.png"))
    let lines = (0..<count).map { number in
      let parts = question.split(separator: "%", omittingEmptySubsequences: false)
      return parts[0] + "q\(number)" + parts[1] + (number % 2 == 0 ? "see" : "mine") + parts[2] + "\(number)" + parts[3]
    }
    try Data(lines.joined(separator: "\n").utf8).write(to: folder.appending(path: "mine.jsonl"))
  }

  private static let arguments = [
    "compare", "-m", CommandLineProgram.model, "--suite", "suite", "--systems", "unified,pipeline-shared", "--quick",
    "--models", "none", "--curves", "suite",
  ]

  /// The answers of a journal, by system, example and mode.
  private static func answers(_ journal: URL) throws -> [[String]: String] {
    let lines = String(decoding: try Data(contentsOf: journal), as: UTF8.self).split(separator: "\n")
    var answers: [[String]: String] = [:]
    for line in lines {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      guard object?["kind"] as? String == "answer", let record = object?["record"] as? [String: Any] else { continue }
      answers[["system", "example", "mode"].map { record[$0] as? String ?? "" }] = record["text"] as? String
    }
    return answers
  }

  @Test("what is wrong is said in one sentence, before anything is measured")
  func refuses() async throws {
    func check(_ arguments: [String], code: Int32, _ sentence: String) async throws {
      try await CommandLineProgram.run(["compare", "-m", CommandLineProgram.model] + arguments) { folder in
        try Self.write(2, to: folder.appending(path: "suite"))
        try FileManager.default.createDirectory(
          at: folder.appending(path: "empty"), withIntermediateDirectories: true)
        try Data(#"{"systems": [{"kind": "dense-total", "model": "other"}]}"#.utf8)
          .write(to: folder.appending(path: "systems.json"))
        try Data(#"{"id":"a","skill":"s","turns":[{"role":"user","parts":[{"text":"x"}]}]}"#.utf8)
          .write(to: folder.appending(path: "unanswered.jsonl"))
      } inspect: { folder, outcome in
        #expect(outcome.exitCode == code, "\(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "comparison").path))
      }
    }
    try await check(["--suite", "none"], code: 66, "there is no suite at none")
    try await check(["--suite", "empty"], code: 65, "empty holds no .jsonl file")
    try await check(["--suite", "unanswered.jsonl"], code: 65, "example 'a' of the task 's' has no answer")
    try await check(
      ["--suite", "suite", "--systems", "unified,dense-total", "--models", "none"], code: 66,
      "the system dense-total needs a model at none/dense-total, which is not there")
    try await check(
      ["--suite", "suite", "--systems", "unified", "--curves", "none"], code: 66,
      "there is no directory of training curves at none")
    try await check(
      ["--suite", "suite", "--systems", "systems.json"], code: 66, "needs a model at other, which is not there")
  }

  @Test("two runs with one seed give the same answers, and say which systems are not there", .timeLimit(.minutes(5)))
  func isReproducible() async throws {
    try await CommandLineProgram.run(
      Self.arguments + ["--out", "one", "--per-skill", "3"],
      prepare: { try Self.write(8, to: $0.appending(path: "suite")) },
      inspect: { folder, outcome in
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("| skill | measured as | bar | unified | pipeline-shared |"))
        let second = try CommandLineProgram.start(Self.arguments + ["--out", "two", "--per-skill", "3"], in: folder)
        second.process.waitUntilExit()
        #expect(second.process.terminationStatus == 0)
        let one = try Self.answers(folder.appending(path: "one/journal.jsonl"))
        let two = try Self.answers(folder.appending(path: "two/journal.jsonl"))
        // A busy machine may end one of them earlier; what both were asked, both answered alike.
        let asked = one.keys.filter { two[$0] != nil }
        #expect(asked.count >= 8, "\(one.count) and \(two.count) answers")
        for key in asked { #expect(one[key] == two[key], "\(key)") }
      })
  }

  @Test("a run that is told to end says so, and the same command goes on from there", .timeLimit(.minutes(5)))
  func endsAloud() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "spud-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    // Questions enough that the run is not over before a busy machine gets round to ending it.
    try Self.write(160, to: folder.appending(path: "suite"))
    let journal = folder.appending(path: "out/journal.jsonl")
    let running = try CommandLineProgram.start(Self.arguments + ["--out", "out", "--per-skill", "80"], in: folder)
    // As soon as the first measurement is there.
    while running.process.isRunning, ((try? Data(contentsOf: journal)) ?? Data()).count(where: { $0 == 10 }) < 2 {
      try await Task.sleep(for: .milliseconds(5))
    }
    running.process.terminate()
    let outcome = try await running.outcome()
    #expect(outcome.exitCode == 143)
    #expect(outcome.errors.contains("ended by SIGTERM; what was measured is in out"), "\(outcome.errors)")
    let again = try await CommandLineProgram.start(
      Self.arguments + ["--out", "out", "--per-skill", "80"], in: folder
    ).outcome()
    #expect(again.exitCode == 0, "\(again.errors)")
    #expect(again.errors.contains("going on with a run that was interrupted"), "\(again.errors)")
  }
}
