internal import ArgumentParser
internal import Foundation
internal import SpudComparison
internal import SpudErrors
internal import SpudInference
internal import SpudModels

extension Mark: ExpressibleByArgument {
  init?(argument: String) {
    switch argument {
    case "read": self = .read
    case "written": self = .written
    default: return nil
    }
  }

  static var allValueStrings: [String] { ["read", "written"] }
  var defaultValueDescription: String { self == .read ? "read" : "written" }
}

/// `spud perplexity`: how well a model predicts a text, and how nearly as another does.
struct Perplexity: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how well a model predicts a text, and how nearly it predicts what another model does.",
    discussion: """
      Every id of the text is scored once. The text is cut into windows that overlap by half, and only the second \
      half of a window is scored (all of the first one), so that each id has at least half a window before it. \
      Intervals are of 95 %, by resampling blocks of 32 ids that follow each other.

      With --against, both models read the same ids, and so must have the same tokenizer: KL is Σ q ln(q/p), q being \
      the other model's probabilities, and agreement is how often both think the same id the likeliest. --weights is \
      for -m alone.

      Examples:
        spud perplexity -m model.gguf --text book.txt
        spud perplexity -m model-q4_k_m.gguf --text book.txt --against model-bf16.gguf --json
      """)

  @Option(
    name: .long, help: ArgumentHelp("The text, in UTF-8; - is standard input.", valueName: "file"),
    completion: .file())
  var text: String

  @Option(
    name: .long,
    help: ArgumentHelp("The model to be compared with, such as one that was not rounded.", valueName: "path"),
    completion: .file())
  var against: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Ids of a window. Default: 512, or the context where that is shorter.", valueName: "n"))
  var window: Int?

  @Option(
    name: .long,
    help: "Score positions as if the text had been read, as in a prompt, or written, as in an answer.")
  var mark = Mark.read

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Computing") var compute: ComputeOptions
  @OptionGroup var json: JSONOptions

  /// A number, and the interval in which it lies at 95 % confidence.
  struct Interval: Encodable {
    var value, low, high: Double
  }

  struct Report: Encodable {
    var model: String
    var against: String?
    /// Ids that were scored, and those of the text.
    var scored, ids: Int
    var window: Int
    /// How the positions were marked.
    var mark: String
    var perplexity: Interval
    var againstPerplexity: Interval?
    /// In nats.
    var kl: Interval?
    var agreement: Interval?
  }

  func validate() throws {
    if let window, window < Self.shortest {
      throw ValidationError("--window is \(window), but must be at least \(Self.shortest).")
    }
  }

  /// Ids that a window has at least.
  private static let shortest = 8

  func run() async throws {
    let words = try Files.text(text)
    let name = text == "-" ? "standard input" : text
    let model = try await compute.load(self.model.resolved())
    var other: Model?
    if let against { other = try await compute.load(against, sharing: model) }
    let ids = model.ids(ofText: words)
    if let other, other.ids(ofText: words) != ids {
      throw SpudError(
        .badData, "\(other.name) reads the text as other ids than \(model.name), so they cannot be compared")
    }
    let counts = [model, other].compactMap { $0?.configuration.vocabularyCount }
    if let other, counts[0] != counts[1] {
      throw SpudError(
        .badData,
        "\(model.name) chooses among \(counts[0]) ids and \(other.name) among \(counts[1]), so they cannot be compared")
    }
    let longest = min(model.contextLength, other?.contextLength ?? .max)
    guard longest >= Self.shortest else {
      throw SpudError(.usage, "the context has \(longest) ids, but a window takes \(Self.shortest) at least")
    }
    if let window, window > longest {
      throw SpudError(.usage, "--window is \(window), but the context has \(longest) ids")
    }
    let window = window ?? min(512, longest)
    let progress = Progress("scoring")
    let scores = try await model.scores(
      of: ids, window: window, mark: mark, against: other,
      progress: { progress.update(Double($0) / Double(max(ids.count, 1))) })
    progress.finish()
    guard !scores.isEmpty else {
      throw SpudError(.badData, "\(name): has \(ids.count) ids, of which none can be scored")
    }
    guard scores.allSatisfy({ $0.loss.isFinite }) else {
      throw SpudError(.badData, "\(model.name): predicts what is no number, so there is no perplexity")
    }
    let report = Report(
      model: model.name, against: other?.name, scored: scores.count, ids: ids.count, window: window,
      mark: mark == .read ? "read" : "written",
      perplexity: Self.interval(scores.map(\.loss)) { exp($0) },
      againstPerplexity: other.map { _ in Self.interval(scores.compactMap(\.otherLoss)) { exp($0) } },
      kl: other.map { _ in Self.interval(scores.compactMap(\.divergence)) { $0 } },
      agreement: other.map { _ in Self.interval(scores.compactMap(\.agrees).map { $0 ? 1 : 0 }) { $0 } })
    if json.json { return try JSONOutput.print(report) }
    for (name, value) in report.lines {
      try Terminal.writeLine(name.padding(toLength: 12, withPad: " ", startingAt: 0) + value)
    }
  }

  /// A function of the mean, with the interval that resampling blocks of neighbours gives it.
  private static func interval(_ values: [Double], _ function: (Double) -> Double) -> Interval {
    struct Block {
      var sum: Double
      var count: Int
    }
    let blocks = stride(from: 0, to: values.count, by: 32).map { start in
      let part = values[start..<min(start + 32, values.count)]
      return Block(sum: part.reduce(0, +), count: part.count)
    }
    let estimate = Estimate.bootstrap(blocks, seed: 33) { blocks in
      let sum = blocks.reduce(0) { $0 + $1.sum }
      let count = blocks.reduce(0) { $0 + $1.count }
      return function(sum / Double(count))
    }
    return Interval(value: estimate.value, low: estimate.low, high: estimate.high)
  }
}

extension Perplexity.Report {
  /// As a person reads it.
  var lines: [(name: String, value: String)] {
    func text(_ interval: Perplexity.Interval, _ format: String, scale: Double = 1) -> String {
      [interval.value, interval.low, interval.high].map { String(format: format, $0 * scale) }.joined(separator: " ")
    }
    func line(_ interval: Perplexity.Interval, _ format: String, scale: Double = 1, unit: String = "") -> String {
      let parts = text(interval, format, scale: scale).split(separator: " ")
      return "\(parts[0])\(unit) (\(parts[1]) to \(parts[2]))"
    }
    var lines = [
      ("model", model), ("perplexity", line(perplexity, "%.4f")),
      ("scored", "\(scored) of \(ids) ids, each once, as \(mark); windows of \(window) that overlap by half"),
    ]
    if let against, let againstPerplexity, let kl, let agreement {
      lines += [
        ("against", against), ("perplexity", line(againstPerplexity, "%.4f")), ("KL", line(kl, "%.5f", unit: " nats")),
        ("agreement", line(agreement, "%.2f", scale: 100, unit: " %")),
      ]
    }
    return lines
  }
}
