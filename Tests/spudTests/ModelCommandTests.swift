import Foundation
import Testing

@testable import spud

private let model = CommandLineProgram.model
private let fixtures = CommandLineProgram.repository.appending(path: "Tests/SpudMediaTests/Fixtures")
private let picture = fixtures.appending(path: "rgb.png").path
private let recording = fixtures.appending(path: "speech.wav").path

@Suite("spud logits, doctor and bench")
struct ReportTests {
  @Test("logits has a row of the vocabulary after each id")
  func logits() async throws {
    struct Object: Decodable {
      var schema: Int
      var logits: [[Float]]
    }
    let outcome = try await CommandLineProgram.run(["logits", "-m", model, "--ids", "1, 2 3", "--json"])
    let object = try JSONDecoder().decode(Object.self, from: outcome.bytes)
    #expect(object.schema == 1)
    #expect(object.logits.map(\.count) == [402, 402, 402])
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("logits-\(UUID().uuidString).safetensors")
    defer { try? FileManager.default.removeItem(at: file) }
    let told = try await CommandLineProgram.run(["logits", "-m", model, "--ids", "1,2,3", "-o", file.path, "--json"])
    #expect(told.output.contains(#""shape":[3,402]"#))
    let piped = try await CommandLineProgram.run(["logits", "-m", model, "--ids", "1,2,3", "-o", "-"])
    let written = try Data(contentsOf: file)
    #expect(piped.bytes == written)
    #expect(
      written.suffix(3 * 402 * 4).elementsEqual(
        object.logits.joined().flatMap { value in
          (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
        }))
    let table = try await CommandLineProgram.run(["logits", "-m", model, "--ids", "-"], input: "1,2,3\n")
    #expect(table.output.split(separator: "\n").count == 3)
  }

  @Test("doctor says what the machine offers")
  func doctor() async throws {
    struct Object: Decodable {
      struct Peaks: Decodable {
        var f32, bf16, int8: Double
      }
      var schema: Int
      var instruction_set: String
      var blas: String
      var read_gb_per_s: Double
      var peak_gops: Peaks
    }
    let outcome = try await CommandLineProgram.run(["doctor", "--json"])
    let object = try JSONDecoder().decode(Object.self, from: outcome.bytes)
    #expect(["portable", "avx2", "avx512", "amx", "neon", "neon-i8mm"].contains(object.instruction_set))
    #expect(object.blas.contains("OpenBLAS"))
    #expect(object.read_gb_per_s > 0 && object.peak_gops.f32 > 0 && object.peak_gops.int8 > 0)
    let text = try await CommandLineProgram.run(["doctor"])
    #expect(text.output.contains(object.instruction_set))
  }

  private struct LogitsObject: Decodable {
    var logits: [[Float]]
  }

  private func lastLogits(_ model: String) async throws -> [Float] {
    let outcome = try await CommandLineProgram.run(["logits", "-m", model, "--ids", "1,2,3", "--json"])
    let object = try JSONDecoder().decode(LogitsObject.self, from: outcome.bytes)
    return try #require(object.logits.last)
  }

  @Test("a calibrated file has the same size, other bytes, and is read")
  func calibrate() async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "spud-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let (plain, weighed) = (directory.appending(path: "plain.gguf"), directory.appending(path: "weighed.gguf"))
    let text = directory.appending(path: "text.txt")
    try Data(String(repeating: "a red star and a blue circle. ", count: 20).utf8).write(to: text)
    let command = ["quantize", "-m", model, "--to", "q4_0", "-o"]
    #expect(try await CommandLineProgram.run(command + [plain.path]).exitCode == 0)
    #expect(try await CommandLineProgram.run(command + [weighed.path, "--calibrate", text.path]).exitCode == 0)
    let (first, second) = (try Data(contentsOf: plain), try Data(contentsOf: weighed))
    #expect(first.count == second.count && first != second)
    #expect(try await !lastLogits(weighed.path).isEmpty)
    let missing = try await CommandLineProgram.run(command + [plain.path, "--calibrate", "nothing.txt"])
    #expect(missing.exitCode == 66)
  }

  @Test("a quantized model is one file that every command reads, and predicts nearly the same")
  func quantize() async throws {
    struct Written: Decodable {
      var schema, bytes: Int
    }
    let directory = FileManager.default.temporaryDirectory.appending(path: "spud-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = directory.appending(path: "tiny.gguf").path
    let outcome = try await CommandLineProgram.run(["quantize", "-m", model, "--to", "q8_0", "-o", file, "--json"])
    let written = try JSONDecoder().decode(Written.self, from: outcome.bytes)
    let size = try Data(contentsOf: URL(filePath: file)).count
    #expect(written.bytes == size)
    let (exact, rounded) = (try await lastLogits(model), try await lastLogits(file))
    // Bytes keep a weight to 1 part in 250, and logits here are of the order of 5.
    #expect(zip(exact, rounded).allSatisfy { abs($0 - $1) < 0.3 })
    let answer = try await CommandLineProgram.run(["run", "hi", "-m", file, "-n", "4", "--json"])
    #expect(answer.exitCode == 0, "\(answer.errors)")
  }

  @Test("inspect tells how long contexts are told apart, where that is frozen, and which layers see a window")
  func positions() async throws {
    let fixtures = CommandLineProgram.repository.appending(path: "Tests/SpudModelsTests/Fixtures")
    for (name, more, words) in [
      ("llama-dynamic", [], "dynamic NTK"), ("llama-dynamic", ["--context", "64"], "frozen at a context of 64"),
      ("llama-longrope", ["--context", "32"], "LongRoPE, frozen at a context of 32"),
      ("qwen3-yarn", [], "YaRN, factor"),
      ("mixtral-window", [], "in 2 of 2 layers"), ("gptoss", [], "13 tokens, in 2 of 3 layers"),
      ("gptoss", [], "one for each head, in 3 of 3 layers"),
    ] {
      let outcome = try await CommandLineProgram.run(["inspect", "-m", fixtures.appending(path: name).path] + more)
      #expect(outcome.exitCode == 0 && outcome.output.contains(words), "\(outcome.output)\(outcome.errors)")
    }
  }

  @Test("weights and their configuration alone are enough for logits, bench and inspect, and not for run")
  func bareDirectory() async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "spud-bare-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    for name in ["config.json", "model.safetensors"] {
      try FileManager.default.copyItem(atPath: model + "/" + name, toPath: directory.appending(path: name).path)
    }
    #expect(try await lastLogits(directory.path) == lastLogits(model))
    let file = directory.appending(path: "bare.gguf").path
    let written = try await CommandLineProgram.run(["quantize", "-m", directory.path, "--to", "f32", "-o", file])
    #expect(written.exitCode == 0, "\(written.errors)")
    for path in [directory.path, file] {
      let arguments = ["bench", "-m", path, "-p", "4", "-n", "2", "-r", "1", "-o", "jsonl"]
      let bench = try await CommandLineProgram.run(arguments)
      #expect(bench.output.split(separator: "\n").count == 2, "\(bench.errors)")
      let inspect = try await CommandLineProgram.run(["inspect", "-m", path])
      #expect(inspect.output.contains("qwen3_moe"), "\(inspect.errors)")
    }
    let run = try await CommandLineProgram.run(["run", "hi", "-m", directory.path])
    #expect(run.exitCode != 0)
    #expect(run.errors.contains("tokenizer.json"))
  }

  private struct BenchObject: Decodable {
    var model: String
    var threads, batch, depth: Int
    var test: String
    var tokens_per_second, stddev: Double
    var samples: [Double]
    var bytes_per_token: Double
    var fraction_of_bandwidth: Double?
    var fraction_of_compute: Double
  }

  @Test("bench measures every combination, in every form of output")
  func bench() async throws {
    struct Document: Decodable {
      var schema: Int
      var tests: [BenchObject]
    }
    let json = try await CommandLineProgram.run(
      ["bench", "-m", model, "-p", "8", "-n", "4", "-d", "0,16", "-b", "1,3", "-r", "2", "-t", "2", "-o", "json"])
    let tests = try JSONDecoder().decode(Document.self, from: json.bytes).tests
    #expect(tests.count == 8)
    #expect(Set(tests.map(\.test)) == ["pp8", "tg4"])
    #expect(tests.allSatisfy { $0.samples.count == 2 && $0.tokens_per_second > 0 && $0.bytes_per_token > 0 })
    #expect(tests.allSatisfy { ($0.fraction_of_bandwidth != nil) == ($0.test == "tg4") })
    let arguments = ["bench", "-m", model, "-p", "0", "-n", "4", "-r", "1", "-t", "1,2"]
    let lines = try await CommandLineProgram.run(arguments + ["-o", "jsonl"]).output.split(separator: "\n")
    #expect(try lines.map { try JSONDecoder().decode(BenchObject.self, from: Data($0.utf8)) }.count == 2)
    #expect(try await CommandLineProgram.run(arguments + ["-o", "csv"]).output.split(separator: "\n").count == 3)
    #expect(try await CommandLineProgram.run(arguments).output.split(separator: "\n").count == 4)
  }

  @Test("the first Ctrl-C ends a benchmark in order: what was measured is printed")
  func interrupt() async throws {
    let directory = FileManager.default.temporaryDirectory
    let running = try CommandLineProgram.start(
      ["bench", "-m", model, "-p", "0", "-n", "100", "-r", "1000", "-o", "json"], in: directory)
    try await Task.sleep(for: .seconds(2))
    running.process.interrupt()
    let outcome = try await running.outcome()
    #expect(outcome.exitCode == 0)
    #expect(outcome.output.contains("\"tests\":["))
  }

  @Test("a benchmark that the context cannot hold is refused before anything is measured")
  func tooLong() async throws {
    let outcome = try await CommandLineProgram.run(
      ["bench", "-m", model, "-p", "200", "-d", "0,100", "-r", "1", "-n", "0", "-o", "jsonl"])
    #expect(outcome.exitCode == 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("256"))
  }
}
