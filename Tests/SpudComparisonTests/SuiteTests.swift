import Foundation
import SpudErrors
import SpudInference
import SpudPipeline
import SpudTokens
import Testing

@testable import SpudComparison

@Suite("A suite")
struct SuiteTests {
  private func load(_ lines: String, files: [String] = []) throws -> SpudComparison.Suite {
    let folder = FileManager.default.temporaryDirectory.appending(path: "spud-suite-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder.appending(path: "media"), withIntermediateDirectories: true)
    for file in files { try Data().write(to: folder.appending(path: file)) }
    try Data(lines.utf8).write(to: folder.appending(path: "a.jsonl"))
    return try SpudComparison.Suite.load(path: folder.path)
  }

  private func message(_ lines: String, files: [String] = []) -> String {
    do {
      _ = try load(lines, files: files)
      return "nothing was thrown"
    } catch let error as SpudError {
      return error.message
    } catch {
      return "\(error)"
    }
  }

  @Test("is read from JSON lines, media beside it; the last turn is the answer")
  func reads() throws {
    let suite = try load(
      """
      {"id":"a","skill":"see","task":"colour","turns":[{"role":"user","parts":[{"image":"media/1.png"},\
      {"text":"what?"}]},{"role":"assistant","parts":[{"text":"red"}]}],"answer":"red","accept":["red","crimson"],\
      "descriptions":{"image":["a red ring"]},"more":1}

      {"id":"b","skill":"draw","turns":[{"role":"user","parts":[{"text":"draw"}]},\
      {"role":"assistant","parts":[{"image":"media/1.png"}]}],"answer":"a red ring at the top"}
      """, files: ["media/1.png"])
    #expect(suite.examples.map(\.id) == ["a", "b"])
    let first = suite.examples[0]
    #expect(first.kind == .image && first.accept == ["red", "crimson"] && first.question == "what?")
    #expect(first.imageDescriptions == ["a red ring"])
    #expect(first.turns.count == 1)
    #expect(suite.examples[1].output == .image && suite.examples[1].task == "draw")
    let told = try #require(first.toldTruth(PipelinePrompts()))
    #expect(Question(turns: told).words == "picture: a red ring\n what?")
  }

  @Test("a film's true description is a line for each frame and one for its sound, in the order of the media")
  func tellsFilms() throws {
    let line = #"""
      {"id":"a","skill":"watch-hear","turns":[{"role":"user","parts":[{"video":"media/1"},{"audio":"media/2"},\#
      {"text":"what made the sound?"}]}],"answer":"a red star","descriptions":{"video":\#
      [["a red star at 23 41","a red star at 30 41"]],"audio":["a beep at 1.25 seconds","two beeps"]}}
      """#
    let example = try load(line, files: ["media/1", "media/2"]).examples[0]
    #expect(example.filmDescriptions == [["a red star at 23 41", "a red star at 30 41"]])
    let told = try #require(example.toldTruth(PipelinePrompts()))
    #expect(
      Question(turns: told).words == """
        frame 1: a red star at 23 41
        frame 2: a red star at 30 41
        sound: a beep at 1.25 seconds
         sound: two beeps
         what made the sound?
        """)
    var silent = example
    silent.soundDescriptions = ["two beeps"]
    #expect(Question(turns: try #require(silent.toldTruth(PipelinePrompts()))).words.contains("beep at") == false)
    silent.filmDescriptions = []
    #expect(silent.toldTruth(PipelinePrompts()) == nil)
    #expect(
      message(
        line.replacing(#"[["a red"#, with: #"["a red"#).replacing(#""]],"a"#, with: #""],"a"#),
        files: ["media/1", "media/2"]
      ).contains("'video' should be a list of lists"))
  }

  @Test("its media may be packed: an archive stands for a directory")
  func packed() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "spud-suite-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let archive = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Corpus/zip/stored.zip")
    try FileManager.default.copyItem(at: archive, to: folder.appending(path: "media.zip"))
    func load(_ path: String) throws -> SpudComparison.Suite {
      let line =
        #"{"id":"a","skill":"s","turns":[{"role":"user","parts":[{"image":"PATH"},{"text":"x"}]}],"answer":"y"}"#
      try Data(line.replacing("PATH", with: path).utf8).write(to: folder.appending(path: "a.jsonl"))
      return try SpudComparison.Suite.load(path: folder.path)
    }
    let suite = try load("media/000/000000.png")
    #expect(suite.examples.count == 1)
    #expect(throws: SpudError.self) { try load("media/000/000001.png") }
    // Another archive is another suite.
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 0)], ofItemAtPath: folder.appending(path: "media.zip").path)
    #expect(try load("media/000/000000.png").fingerprint != suite.fingerprint)
  }

  @Test("what is wrong is said in one sentence that names the line")
  func namesLines() {
    let good = #"{"id":"a","skill":"s","turns":[{"role":"user","parts":[{"text":"x"}]}],"answer":"y"}"#
    #expect(message(good + "\n{").contains("a.jsonl:2"))
    #expect(message(good + "\n" + good).contains("the id 'a' is at"))
    #expect(message(good.replacing(#","answer":"y""#, with: "")).contains("has no answer"))
    #expect(message(#"{"id":"a","skill":"s","turns":[],"answer":"y"}"#).contains("'turns' is missing or empty"))
    #expect(message(good.replacing("text", with: "smell")).contains("'smell'"))
    #expect(message(good.replacing(#""text":"x""#, with: #""image":"none.png""#)).contains("which is not there"))
    let outside = good.replacing(#""text":"x""#, with: #""image":"../x.png""#)
    #expect(message(outside).contains("leaves the examples' folder"))
    #expect(message("").contains("holds no example"))
    #expect(message("{\"id\":1}").contains("a.jsonl:1"))
  }

  @Test("its fingerprint changes with whatever an answer is judged by")
  func fingerprint() {
    func fingerprint(_ change: (inout Example) -> Void = { _ in }) -> String {
      var example = Example(
        id: "a", skill: "see", task: "colour", turns: [PromptTurn(.user, [.text("what?")])], answer: "red")
      change(&example)
      return Suite(name: "", examples: [example]).fingerprint
    }
    let all = [
      fingerprint(), fingerprint { $0.skill = "hear" }, fingerprint { $0.task = "shape" },
      fingerprint { $0.accept = ["red", "crimson"] }, fingerprint { $0.answer = "blue" },
      fingerprint { $0.output = .image }, fingerprint { $0.turns.insert(PromptTurn(.user, [.text("first")]), at: 0) },
    ]
    #expect(Set(all).count == all.count && fingerprint() == fingerprint())
  }

  @Test("a directory that is not there is no input")
  func missing() {
    #expect(throws: SpudError(.noInput, "there is no suite at /no/such/suite")) {
      try SpudComparison.Suite.load(path: "/no/such/suite")
    }
  }

  @Test("a selection takes from every skill and task in turn, and the same for the same seed")
  func selects() {
    let examples = (0..<60).map { number in
      Example(
        id: "\(number)", skill: number % 3 == 0 ? "a" : "b", task: "\(number % 2)", turns: [], answer: "x")
    }
    let suite = Suite(name: "", examples: examples)
    let chosen = suite.selection(perSkill: 4, seed: 2)
    #expect(chosen.map(\.skill) == ["a", "b", "a", "b", "a", "b", "a", "b"])
    #expect(Set(chosen.filter { $0.skill == "b" }.map(\.task)) == ["0", "1"])
    #expect(chosen == suite.selection(perSkill: 4, seed: 2))
    #expect(chosen != suite.selection(perSkill: 4, seed: 3))
  }
}
