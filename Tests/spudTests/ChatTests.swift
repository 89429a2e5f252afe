import Foundation
import SpudTokens
import Testing

@testable import spud

private let model = CommandLineProgram.model
private let picture =
  CommandLineProgram.repository.appending(path: "Tests/SpudMediaTests/Fixtures/rgb.png").path

@Suite("spud chat")
struct ChatCommandTests {
  @Test("turns are answered, commands obeyed, and a mistake ends nothing")
  func conversation() async throws {
    let lines = [
      "hi", "/image nowhere.png", "/frob", "/save nowhere/c.json", "/think much", "/image \(picture)", "what",
      "/history", "/save c.json",
    ]
    try await CommandLineProgram.run(
      ["chat", "-m", model, "-n", "8", "--think", "0"], input: lines.joined(separator: "\n"),
      inspect: { directory, outcome in
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        for sentence in [
          "there is no command /frob", "/think needs a number", "nowhere.png", "nowhere/c.json", "wrote c.json",
        ] {
          #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
        }
        #expect(outcome.output.contains("user: hi\n") && outcome.output.contains("user: [a picture] what\n"))
        let turns = try SavedConversation.read(directory.appending(path: "c.json").path)
        #expect(turns.map(\.role) == [.user, .assistant, .user, .assistant])
        #expect(turns[2].parts.map(\.kind) == [.image, .text])
      })
  }

  @Test("a conversation that was saved goes on, and what is none is refused")
  func load() async throws {
    let saved = [
      StreamTurn(.system, [.text("be brief")]), StreamTurn(.user, [.text("hi")]),
      StreamTurn(.assistant, [.text("lo")]),
    ]
    try await CommandLineProgram.run(["chat", "-m", model, "--load", "c.json"], input: "/history\n/quit\nhi") {
      try SavedConversation.write(saved, to: $0.appending(path: "c.json").path)
    } inspect: { _, outcome in
      #expect(outcome.exitCode == 0 && outcome.output == "system: be brief\nuser: hi\nassistant: lo\n")
    }
    let outcome = try await CommandLineProgram.run(["chat", "-m", model, "--load", "c.json"]) {
      try Data(#"{"turns":[]}"#.utf8).write(to: $0.appending(path: "c.json"))
    }
    #expect(outcome.exitCode == 65 && outcome.errors.contains("c.json"))
  }

  @Test("a conversation that is kept goes on in the next process, word for word, and reads nothing of it again")
  func kept() async throws {
    let words = String(repeating: "the first ", count: 12)
    let chat = ["chat", "-m", model, "-n", "8", "--think", "0", "--seed", "7"]
    let directory = FileManager.default.temporaryDirectory.appending(path: "spud-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let key = directory.appending(path: "key").path
    #expect(
      FileManager.default.createFile(
        atPath: key, contents: Data((0..<32).map { UInt8($0) }), attributes: [.posixPermissions: 0o600]))
    func run(_ lines: [String], _ more: [String] = []) async throws -> CommandLineProgram.Outcome {
      try await CommandLineProgram.start(
        chat + more, in: directory, input: lines.joined(separator: "\n"),
        environment: ["XDG_STATE_HOME": directory.appending(path: "state").path]
      ).outcome()
    }
    let whole = try await run([words, "/image \(picture)", "what", "and then?"])
    let memory = ["--memory", "store", "--key-file", key, "--session", "it"]
    var parts = ""
    for lines in [[words], ["/image \(picture)", "what"], ["and then?", "/save c.json"]] {
      let outcome = try await run(lines, memory)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      parts += outcome.output
    }
    #expect(parts == whole.output)
    let turns = try SavedConversation.read(directory.appending(path: "c.json").path)
    #expect(turns.count == 6 && turns[0].parts == [.text(words)] && turns[2].parts.map(\.kind) == [.image, .text])
    let history = try await run(["/history", "/load c.json", "hi", "/history"], memory)
    #expect(history.output.contains("user: and then?\n") && history.output.contains("user: hi\n"))
    // What came before is found on the disk, but for what no block of 32 was full of.
    let json = try await CommandLineProgram.start(
      ["run", "-m", model, "-n", "4", "--json", "last"] + memory, in: directory,
      environment: ["XDG_STATE_HOME": directory.appending(path: "state").path]
    ).outcome()
    // What the context has no room for is kept all the same.
    func turnCount(_ outcome: CommandLineProgram.Outcome) -> Int {
      outcome.output.split(separator: "\n").count { $0.contains(/^(system|user|assistant):/) }
    }
    let before = turnCount(try await run(["/history"], memory))
    _ = try await run(["/system be brief", "so?"], memory + ["--context", "160"])
    let after = try await run(["/history"], memory)
    #expect(after.errors.contains("fit into the context"), "\(after.errors)")
    #expect(turnCount(after) == before + 3, "a system's turn, a user's and an answer")
    let usage = try #require(
      (try JSONSerialization.jsonObject(with: json.bytes) as? [String: Any])?["usage"] as? [String: Int])
    let read = ["text", "image", "audio"].reduce(0) { $0 + (usage[$1] ?? 0) } - (usage["restored"] ?? 0)
    #expect(read < 64 && usage["restored"] ?? 0 >= 96, "\(usage)")
  }

  @Test("commands are read as people write them")
  func commands() throws {
    #expect(try ChatCommand("hello /there") == nil)
    #expect(try ChatCommand("/image  a b.png ") == .image("a b.png"))
    #expect(try ChatCommand("/think") == .think(nil) && ChatCommand("/think 0") == .think(0))
    #expect(try ChatCommand("/system") == .system(""))
    #expect(throws: ChatCommand.Mistake.self) { try ChatCommand("/save") }
    #expect(throws: ChatCommand.Mistake.self) { try ChatCommand("/think -1") }
  }
}

@Suite("spud run --batch")
struct BatchTests {
  private let requests = """
    {"id":"a","prompt":"hi","seed":3,"temperature":1,"output":"text"}
    {"id":"b","messages":[{"role":"user","content":"hi"}],"images":["rgb.png"],"think":0}

    {"prompt":"hi","unknown":1}
    no JSON
    {"prompt":"hi","schema":{"type":"object","properties":{"n":{"type":"integer","minimum":1,"maximum":9}},\
    "required":["n"],"additionalProperties":false},"think":0}
    """

  private func prepare(_ directory: URL) throws {
    try Data(requests.utf8).write(to: directory.appending(path: "q.jsonl"))
    try FileManager.default.copyItem(atPath: picture, toPath: directory.appending(path: "rgb.png").path)
  }

  private func answers(_ text: String) throws -> [String: [String: Any]] {
    try text.split(separator: "\n").reduce(into: [:]) { answers, line in
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      answers[try #require(object["id"] as? String)] = object
    }
  }

  @Test("each request is answered or its fault told, and a run that was cut goes on")
  func resumes() async throws {
    try await CommandLineProgram.run(
      ["run", "--batch", "q.jsonl", "-m", model, "-n", "30", "-o", "a.jsonl"],
      prepare: { directory in
        try prepare(directory)
        // An answer that is there, and one that was being written.
        try Data("{\"id\":\"a\",\"text\":\"there\"}\n{\"id\":\"b\",\"te".utf8)
          .write(to: directory.appending(path: "a.jsonl"))
      },
      inspect: { directory, outcome in
        #expect(outcome.exitCode == 65 && outcome.errors.contains("2 of 5 requests"), "\(outcome.errors)")
        let found = try answers(String(contentsOf: directory.appending(path: "a.jsonl"), encoding: .utf8))
        #expect(found.keys.sorted() == ["4", "5", "6", "a", "b"])
        #expect(found["a"]?["text"] as? String == "there" && found["b"]?["finish"] != nil)
        #expect((found["4"]?["error"] as? String)?.contains("unknown") == true && found["5"]?["error"] != nil)
        #expect((found["6"]?["text"] as? String)?.wholeMatch(of: /\{\s*"n"\s*:\s*[1-9]\s*\}\s*/) != nil)
      })
  }

  @Test("answers are those of single runs, whatever goes on beside them")
  func alone() async throws {
    let outcome = try await CommandLineProgram.run(
      ["run", "--batch", "q.jsonl", "-m", model, "-n", "30", "--parallel", "3"], prepare: prepare)
    let text = try #require(try answers(outcome.output)["a"]?["text"] as? String)
    let single = try await CommandLineProgram.run(
      ["run", "hi", "-m", model, "-n", "30", "--seed", "3", "--temperature", "1", "--output", "text"])
    #expect(single.output == text + "\n" || single.output == text)
  }

  @Test("a file of something else is not written to")
  func foreign() async throws {
    let outcome = try await CommandLineProgram.run(
      ["run", "--batch", "q.jsonl", "-m", model, "-o", "a.txt"],
      prepare: {
        try prepare($0)
        try Data("my diary\n".utf8).write(to: $0.appending(path: "a.txt"))
      },
      inspect: { directory, _ in
        let text = try String(contentsOf: directory.appending(path: "a.txt"), encoding: .utf8)
        #expect(text == "my diary\n")
      })
    #expect(outcome.exitCode == 65)
  }

  @Test(
    "what has no end of a line is kept, too, and the requests are no place for answers",
    arguments: [
      ("my diary", "a.txt", 65), (#"{"prompt":"hi"}"#, "a.txt", 65), ("{\"id\":", "a.txt", 65), ("", "q.jsonl", 64),
    ])
  func unended(_ text: String, _ name: String, _ code: Int32) async throws {
    let outcome = try await CommandLineProgram.run(
      ["run", "--batch", "q.jsonl", "-m", model, "-o", name],
      prepare: {
        try prepare($0)
        try Data(text.utf8).write(to: $0.appending(path: "a.txt"))
      },
      inspect: { directory, _ in
        let kept = try String(contentsOf: directory.appending(path: "a.txt"), encoding: .utf8)
        let asked = try String(contentsOf: directory.appending(path: "q.jsonl"), encoding: .utf8)
        #expect(kept == text && asked == requests)
      })
    #expect(outcome.exitCode == code)
  }

  @Test("lines end as some editors end them, and come from standard input, too", arguments: [true, false])
  func returns(isPiped: Bool) async throws {
    let text = "\u{FEFF}{\"id\":\"a\",\"prompt\":\"hi\"}\r\n{\"prompt\":\"hi\"}\r\n"
    let arguments = ["run", "-m", model, "-n", "4", "--think", "0", "--batch", isPiped ? "-" : "q.jsonl"]
    let outcome = try await CommandLineProgram.run(arguments, input: isPiped ? text : nil) {
      try Data(text.utf8).write(to: $0.appending(path: "q.jsonl"))
    }
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try answers(outcome.output).keys.sorted() == ["2", "a"])
  }

  @Test("ids that are there twice are refused before anything is answered")
  func twice() async throws {
    let outcome = try await CommandLineProgram.run(
      ["run", "-m", model, "--batch", "q.jsonl", "-o", "a.jsonl"],
      prepare: {
        try Data("{\"id\":\"2\",\"prompt\":\"hi\"}\n{\"prompt\":\"hi\"}".utf8).write(to: $0.appending(path: "q.jsonl"))
      },
      inspect: { directory, _ in
        #expect(!FileManager.default.fileExists(atPath: directory.appending(path: "a.jsonl").path))
      })
    #expect(outcome.exitCode == 65 && outcome.output.isEmpty)
    #expect(outcome.errors.contains("lines 1 and 2 have the same id, '2'"), "\(outcome.errors)")
  }

  @Test(
    "what would be passed over is refused",
    arguments: [
      #""messages":[{"role":"user","content":"hi","images":["a.png"]}]"#, #""prompt":"hi","max_tokens":2.5"#,
      #""prompt":"hi","top_k":0.5"#, #""prompt":"hi","think":1.5"#,
    ])
  func passedOver(_ members: String) async throws {
    let outcome = try await CommandLineProgram.run(["run", "-m", model, "--batch", "q.jsonl"]) {
      try Data("{\(members)}".utf8).write(to: $0.appending(path: "q.jsonl"))
    }
    #expect(outcome.exitCode == 65 && outcome.output.contains("\"error\""), "\(outcome.output)")
  }
}
