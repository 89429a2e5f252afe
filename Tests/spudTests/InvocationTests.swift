import ArgumentParser
import Foundation
import Testing

@testable import spud

private let model = CommandLineProgram.model
private let picture = CommandLineProgram.repository.appending(path: "Tests/SpudMediaTests/Fixtures/rgb.png").path
private let recording = CommandLineProgram.repository.appending(path: "Tests/SpudMediaTests/Fixtures/speech.wav").path

/// One wrong way to call the program.
struct BadInvocation: CustomTestStringConvertible, Sendable {
  var arguments: [String]
  var exitCode: Int32
  /// What the sentence on standard error must contain.
  var says: String

  init(_ arguments: String..., exits exitCode: Int32, says: String) {
    self.arguments = arguments
    self.exitCode = exitCode
    self.says = says
  }

  var testDescription: String { "spud " + arguments.joined(separator: " ") }
}

@Suite("Bad invocations")
struct BadInvocationTests {
  @Test(
    "each ends with its exit code and one sentence, and leaves no file behind",
    arguments: [
      BadInvocation("nonsense", exits: 64, says: "There is no command 'nonsense'. The commands are run, "),
      BadInvocation("frobnicate", "-m", "X", exits: 64, says: "There is no command 'frobnicate'"),
      BadInvocation("help", "frobnicate", exits: 64, says: "There is no command 'frobnicate'"),
      BadInvocation("rnu", "hi", exits: 64, says: "Did you mean spud run?"),
      BadInvocation("what colour is it?", exits: 64, says: "spud run \"what colour is it?\""),
      BadInvocation("-m", "X", "run", "hi", exits: 64, says: "-m comes before any command"),
      BadInvocation("--model", "X", "run", "hi", exits: 64, says: "--model comes before any command"),
      BadInvocation("run", "-m", model, exits: 64, says: "nothing to read"),
      BadInvocation("run", "hi", "--image", exits: 64, says: "--image"),
      BadInvocation("run", "hi", "--output", "smell", exits: 64, says: "smell"),
      BadInvocation("run", "hi", "-t", "0", exits: 64, says: "--threads"),
      BadInvocation("run", "hi", "--temperature", "-1", exits: 64, says: "--temperature is -1.0, but must be between"),
      BadInvocation("run", "hi", "--temperature", "nan", exits: 64, says: "--temperature"),
      BadInvocation("run", "hi", "--top-p", "0", exits: 64, says: "--top-p"),
      BadInvocation("run", "hi", "--top-k", "-3", exits: 64, says: "--top-k is -3, but must be"),
      BadInvocation("run", "hi", "--top-p", "-0.5", exits: 64, says: "--top-p is -0.5, but must be"),
      BadInvocation("run", "hi", "--min-p", "-.5", exits: 64, says: "--min-p is -0.5, but must be"),
      BadInvocation("run", "hi", "-n", "-5", exits: 64, says: "--max-tokens is -5, but must be"),
      BadInvocation("run", "hi", "-t", "-1", exits: 64, says: "--threads is -1, but must be"),
      BadInvocation("run", "hi", "--temperature", exits: 64, says: "Missing value for '--temperature"),
      BadInvocation("run", "hi", "--min-p", "1.5", exits: 64, says: "--min-p"),
      BadInvocation("run", "hi", "--max-tokens", "0", exits: 64, says: "--max-tokens"),
      BadInvocation("run", "hi", "--seed", "-1", exits: 64, says: "--seed is -1, but must be a whole number"),
      BadInvocation("run", "hi", "--seed", "1.5", exits: 64, says: "--seed is 1.5, but must be a whole number"),
      BadInvocation("compare", "--seed", "-1", exits: 64, says: "--seed is -1, but must be a whole number"),
      BadInvocation("compare", "--per-skill", "-1", exits: 64, says: "--per-skill is -1, but must be"),
      BadInvocation("compare", "--minutes", "-1", exits: 64, says: "--minutes is -1.0, but must be"),
      BadInvocation("bench", "-r", "-1", exits: 64, says: "--repetitions is -1, but must be"),
      BadInvocation("bench", "-p", "-5", exits: 64, says: "The value '-5' is invalid"),
      BadInvocation("fit", "image", "--examples", "x", "-o", "y", "--codes", "-1", exits: 64, says: "--codes is -1"),
      BadInvocation("run", "hi", "--think", "-1", exits: 64, says: "--think is -1, but must be"),
      BadInvocation("run", "hi", "--kernels", "cuda", exits: 64, says: "cuda"),
      BadInvocation("run", "hi", "-o", "-", "--json", exits: 64, says: "standard output"),
      BadInvocation("run", "hi", "-m", model, "-o", "x.jpg", exits: 64, says: "x.jpg"),
      BadInvocation("run", "hi", "-m", model, "--output", "image", "-o", "x.wav", exits: 64, says: ".png"),
      BadInvocation("run", "hi", "-m", model, "-o", "no/such/x.png", exits: 74, says: "no/such/x.png"),
      BadInvocation("run", "hi", "-m", "/nowhere/model", exits: 66, says: "/nowhere/model"),
      BadInvocation("run", "hi", "-m", "/nowhere/model.gguf", exits: 66, says: "/nowhere/model.gguf"),
      BadInvocation("run", "hi", "-m", model + "/model.safetensors", exits: 64, says: "give -m \(model)"),
      BadInvocation("tokenize", "hi", "-m", model + "/config.json", exits: 64, says: "give -m \(model)"),
      BadInvocation("inspect", "-m", model + "/tokenizer.json", exits: 64, says: "give -m \(model)"),
      BadInvocation("run", "hi", "-m", "org/name", exits: 66, says: "org/name: there is no such model here"),
      BadInvocation("run", "hi", "-m", model, "-o", "x%d-%d.png", exits: 64, says: "one place for a number"),
      BadInvocation("run", "hi", "-m", "/usr", exits: 66, says: "config.json"),
      BadInvocation("run", "hi", "-m", picture, exits: 65, says: "rgb.png"),
      BadInvocation("run", "hi", "-m", model, "--image", "/nowhere.png", exits: 66, says: "/nowhere.png"),
      BadInvocation("run", "hi", "-m", model, "--image", recording, exits: 65, says: "speech.wav"),
      BadInvocation("run", "hi", "-m", model, "--audio", "/nowhere.wav", exits: 66, says: "/nowhere.wav"),
      BadInvocation("run", "hi", "-m", model, "--audio", picture, exits: 65, says: "rgb.png"),
      BadInvocation("run", "hi", "-m", model, "--video", "/nowhere.mp4", exits: 66, says: "/nowhere.mp4"),
      BadInvocation(
        "run", String(repeating: "long ", count: 200), "-m", model, exits: 65, says: "reads at most 255"),
      BadInvocation("run", "hi", "-m", model, "--output", "image", "-n", "3", exits: 64, says: "too few"),
      BadInvocation("logits", "-m", model, "--ids", "1,x", exits: 65, says: "'x'"),
      BadInvocation("logits", "-m", model, "--ids", "", exits: 64, says: "no ids"),
      BadInvocation("logits", "-m", model, "--ids", "1,99999", exits: 65, says: "id 99999 at position 1"),
      BadInvocation("logits", "-m", model, "--ids", "-5", exits: 65, says: "id 1 is '-5'"),
      BadInvocation("logits", "-m", model, "--ids", "1", "-o", "-", "--json", exits: 64, says: "standard output"),
      BadInvocation("tokenize", "hi", "-m", model, "--draw", "-", "--json", exits: 64, says: "standard output"),
      BadInvocation("quantize", "-m", model, "--to", "q3", "-o", "x.gguf", exits: 64, says: "q3"),
      BadInvocation("quantize", "-m", model, "--to", "q8_0", "-o", "x.bin", exits: 64, says: ".gguf"),
      BadInvocation("perplexity", "-m", model, "--text", "-", "--context", "4", exits: 64, says: "window"),
      BadInvocation("bench", "-m", model, "--replay", "x.txt", exits: 64, says: "--replay-prompt"),
      BadInvocation("bench", "-m", model, "--replay", "x", "--replay-prompt", "y", "-d", "9", exits: 64, says: "-d"),
      BadInvocation("bench", "-m", model, "-t", "1000", exits: 64, says: "four times the processors"),
      BadInvocation("copy", "-m", model, "-o", model + "/copy", exits: 64, says: "inside"),
      BadInvocation("copy", "-m", model, "-o", "no/such/copy", exits: 74, says: "no such directory"),
      BadInvocation("quantize", "-m", model, "--to", "q8_0", "-o", "no/such/x.gguf", exits: 74, says: "x.gguf"),
      BadInvocation("quantize", "-m", "/nowhere", "--to", "q8_0", "-o", "x.gguf", exits: 66, says: "/nowhere"),
      BadInvocation("inspect", "-m", "/nowhere", exits: 66, says: "/nowhere"),
      BadInvocation("bench", "-p", "0", "-n", "0", exits: 64, says: "nothing to measure"),
      BadInvocation("bench", "-p", "1,x", exits: 64, says: "1,x"),
      BadInvocation("bench", "-r", "0", exits: 64, says: "--repetitions"),
      BadInvocation("bench", "--json", "-o", "csv", exits: 64, says: "-o csv"),
      BadInvocation("tokenize", "hi", "-m", "/nowhere/model", exits: 66, says: "/nowhere/model"),
      BadInvocation("doctor", "--nonsense", exits: 64, says: "--nonsense"),
    ])
  func refused(_ invocation: BadInvocation) async throws {
    try await CommandLineProgram.run(
      invocation.arguments,
      inspect: { directory, outcome in
        #expect(outcome.exitCode == invocation.exitCode, "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("spud: "), "\(outcome.errors)")
        #expect(outcome.errors.contains(invocation.says), "\(outcome.errors)")
        // Wrong usage is followed by how to use it right; anything else is one line.
        if invocation.exitCode != 64 { #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)") }
        try #expect(FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
      })
  }
}

@Suite("Help")
struct HelpTests {
  @Test(
    "every command explains itself with examples that parse",
    arguments: Spud.configuration.subcommands.map { $0._commandName })
  func examples(command: String) async throws {
    let outcome = try await CommandLineProgram.run([command, "--help"])
    #expect(outcome.exitCode == 0)
    let lines = outcome.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    let start = try #require(lines.firstIndex(of: "Examples:"))
    let examples = lines[(start + 1)...].prefix { !$0.hasPrefix("USAGE") }
    #expect(examples.contains { $0.contains("spud \(command)") })
    #expect(outcome.errors.isEmpty)
  }

  @Test("the root lists every command, and completions are there for every shell", arguments: ["bash", "zsh", "fish"])
  func completions(shell: String) async throws {
    let outcome = try await CommandLineProgram.run(["--generate-completion-script", shell])
    #expect(outcome.exitCode == 0)
    for command in Spud.configuration.subcommands.map({ $0._commandName }) {
      #expect(outcome.output.contains(command))
    }
  }
}
