import Foundation
import Testing

private let model = CommandLineProgram.model

/// The model knows nothing: what counts is that numbers belong together.
@Suite("spud perplexity and spud embed")
struct ScoringTests {
  private struct Interval: Decodable {
    var value, low, high: Double
  }

  private struct Report: Decodable {
    var schema, scored, ids, window: Int
    var mark: String
    var perplexity: Interval
    var against_perplexity, kl, agreement: Interval?
  }

  private struct Logits: Decodable {
    var logits: [[Double]]
  }

  private struct Tokens: Decodable {
    struct Token: Decodable {
      var id: Int32
    }
    var tokens: [Token]
  }

  private func perplexity(_ text: String, _ options: [String]) async throws -> Report {
    let outcome = try await CommandLineProgram.run(
      ["perplexity", "-m", model, "--text", "-", "--json"] + options, input: text)
    return try JSONDecoder().decode(Report.self, from: outcome.bytes)
  }

  @Test("every id is scored once, as the logits say")
  func agreesWithLogits() async throws {
    let text = "a red star and a blue circle"
    let options = ["--kernels", "blas", "--cache", "f32"]
    let report = try await perplexity(text, options)
    #expect(report.scored == report.ids && report.mark == "read" && report.kl == nil)
    // The ids are those of the user's text, which stand behind two control ids here.
    let told = try await CommandLineProgram.run(["tokenize", text, "-m", model, "--json"])
    let ids = try JSONDecoder().decode(Tokens.self, from: told.bytes).tokens.map(\.id)
    let body = [ids[0]] + ids.dropFirst(2).prefix(report.ids)
    let list = body.map(String.init).joined(separator: ",")
    let outcome = try await CommandLineProgram.run(["logits", "-m", model, "--ids", list, "--json"] + options)
    let rows = try JSONDecoder().decode(Logits.self, from: outcome.bytes).logits
    let losses = zip(rows, body.dropFirst()).map { row, id in
      log(row.map { exp($0) }.reduce(0, +)) - row[Int(id)]
    }
    let expected = exp(losses.reduce(0, +) / Double(losses.count))
    #expect(abs(report.perplexity.value - expected) < 1e-4 * expected)
    #expect(report.perplexity.low <= report.perplexity.value && report.perplexity.value <= report.perplexity.high)
  }

  @Test("windows score every id once")
  func windows() async throws {
    let text = String(repeating: "a red star and a blue circle. ", count: 4)
    let whole = try await perplexity(text, [])
    for window in ["8", "9", "33"] {
      let report = try await perplexity(text, ["--window", window])
      #expect(report.scored == whole.scored && report.window == Int(window))
    }
  }

  @Test("a model against itself differs in nothing, and against its rounded self in little")
  func against() async throws {
    let text = String(repeating: "a red star and a blue circle. ", count: 4)
    let same = try await perplexity(text, ["--against", model])
    #expect(same.kl?.value == 0 && same.agreement?.value == 1)
    #expect(same.against_perplexity?.value == same.perplexity.value)
    let rounded = try await perplexity(text, ["--weights", "q4_0", "--against", model, "--mark", "written"])
    let divergence = try #require(rounded.kl)
    #expect(divergence.low > 0 && divergence.value < 1 && rounded.mark == "written")
    let written = try await perplexity(text, ["--mark", "written"])
    #expect(rounded.against_perplexity?.value == written.perplexity.value)
  }

  @Test("what cannot be scored is refused in a sentence")
  func refusals() async throws {
    for (arguments, input, code) in [
      (["--text", "-"], "", 65), (["--text", "-", "--window", "4"], "x", 64), (["--text", "nothing.txt"], "", 66),
      (["--text", "-", "--window", "1000000"], "x", 64), (["--text", "-", "--mark", "seen"], "x", 64),
    ] as [([String], String, Int32)] {
      let outcome = try await CommandLineProgram.run(["perplexity", "-m", model] + arguments, input: input)
      #expect(outcome.exitCode == code && outcome.output.isEmpty && outcome.errors.hasPrefix("spud: "))
    }
  }

  private struct Embeddings: Decodable {
    struct Embedding: Decodable {
      var tokens: Int
      var values: [Double]
    }
    var schema, width: Int
    var pooling: String
    var embeddings: [Embedding]
  }

  @Test("a text becomes one vector, of length 1 unless that is not wanted")
  func embed() async throws {
    func embeddings(_ arguments: [String], input: String? = nil) async throws -> Embeddings {
      let outcome = try await CommandLineProgram.run(["embed", "-m", model, "--json"] + arguments, input: input)
      return try JSONDecoder().decode(Embeddings.self, from: outcome.bytes)
    }
    let two = try await embeddings(["a red star", "a blue circle"])
    #expect(two.pooling == "mean" && two.embeddings.map(\.values.count) == [two.width, two.width])
    for embedding in two.embeddings {
      #expect(abs(embedding.values.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    }
    #expect(two.embeddings[0].values != two.embeddings[1].values)
    let last = try await embeddings(["-", "--pooling", "last", "--no-normalize"], input: "a red star")
    #expect(last.embeddings[0].tokens == two.embeddings[0].tokens)
    #expect(abs(last.embeddings[0].values.reduce(0) { $0 + $1 * $1 } - 1) > 0.1)
    let plain = try await CommandLineProgram.run(["embed", "a red star", "-m", model])
    #expect(plain.output.split(separator: " ").count == two.width)
  }
}
