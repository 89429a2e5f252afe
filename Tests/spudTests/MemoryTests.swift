import Foundation
import Testing

@Suite("spud memory")
struct MemoryTests {
  /// The arguments of a turn of the conversation "it".
  private func turn(_ prompt: String) -> [String] {
    [
      "run", "-m", CommandLineProgram.model, "--memory", "store", "--key-file", "key", "--session", "it", "--think",
      "0",
      "-n", "4", "--output", "text", "--temperature", "0", "--json", prompt,
    ]
  }

  private func memory(_ words: String...) -> [String] {
    ["memory"] + words + ["--memory", "store", "--key-file", "key"]
  }

  /// A directory with a key in it.
  private func makeKey(in directory: URL, mode: Int = 0o600) throws {
    let key = directory.appending(path: "key")
    try Data((0..<32).map { UInt8($0) }).write(to: key)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: key.path)
  }

  @Test("a conversation goes on in the next process, is listed, shown, exported, verified, rekeyed and forgotten")
  func conversation() async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "spud-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try makeKey(in: directory)
    func run(_ arguments: [String]) async throws -> CommandLineProgram.Outcome {
      try await CommandLineProgram.start(
        arguments, in: directory, environment: ["XDG_STATE_HOME": directory.appending(path: "state").path]
      ).outcome()
    }
    let first = try await run(turn(String(repeating: "the first ", count: 12)))
    #expect(first.exitCode == 0 && first.output.contains(#""restored":0"#))
    let second = try await run(turn("the second"))
    #expect(second.exitCode == 0 && !second.output.contains(#""restored":0"#))
    let list = try await run(memory("list", "--json"))
    #expect(list.output.contains(#""name":"it""#) && list.output.contains(#""turns":4"#))
    let shown = try await run(memory("show", "it"))
    #expect(shown.exitCode == 0 && shown.output.contains("4 turns") && !shown.output.contains("the second"))
    #expect(try await run(memory("show", "it", "--text")).output.contains("user: the second"))
    #expect(try await run(memory("export", "it")).output.contains(#""text":"the second""#))
    #expect(try await run(memory("verify", "--json")).output.contains(#""refused":[]"#))
    let missing = try await run(memory("show", "other"))
    #expect(missing.exitCode == 66 && missing.errors.contains("no session 'other'"))
    try Data((0..<32).map { UInt8(99 - $0) }).write(to: directory.appending(path: "new"))
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o600], ofItemAtPath: directory.appending(path: "new").path)
    #expect(try await run(memory("rekey", "--new-key-file", "new")).exitCode == 0)
    #expect(try await run(memory("list")).exitCode == 64)
    let forgotten = try await run([
      "memory", "forget", "it", "--memory", "store", "--key-file", "new", "--json",
    ])
    #expect(forgotten.exitCode == 0 && !forgotten.output.contains(#""extents":0"#))
    let verified = try await run(["memory", "verify", "--memory", "store", "--key-file", "new", "--json"])
    #expect(verified.output.contains(#""left_bytes":0"#) && verified.output.contains(#""opened":0"#))
  }

  @Test("without a key, with one that others can read, or with too short a one, nothing is kept")
  func keys() async throws {
    for (arguments, mode, code, words) in [
      (["run", "--memory", "store", "-m", CommandLineProgram.model, "hi"], 0o600, 64, "nothing is remembered"),
      (turn("hi"), 0o644, 65, "can be read by others"), (memory("list"), 0o600, 66, "no such directory"),
      (["run", "--session", "it", "hi"], 0o600, 64, "give --memory"),
      (["chat", "--session", "it"], 0o600, 64, "give --memory"),
      (["chat", "--memory", "store", "-m", CommandLineProgram.model], 0o600, 64, "nothing is remembered"),
    ] {
      try await CommandLineProgram.run(
        arguments, environment: ["XDG_STATE_HOME": "/nowhere", "CREDENTIALS_DIRECTORY": ""],
        prepare: { try makeKey(in: $0, mode: mode) },
        inspect: { directory, outcome in
          #expect(outcome.exitCode == code && outcome.errors.contains(words), "\(outcome.errors)")
          #expect(!FileManager.default.fileExists(atPath: directory.appending(path: "store").path))
        })
    }
  }
}
