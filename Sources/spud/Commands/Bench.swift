internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudOptions
internal import SpudKernels
internal import SpudOptions

/// `spud bench`: how fast a model reads and writes.
struct Bench: AsyncParsableCommand {
  /// How results are printed.
  enum Form: String, ExpressibleByArgument, CaseIterable {
    case md, csv, json, jsonl
  }

  static let configuration = CommandConfiguration(
    abstract: "Measure how fast a model reads (pp) and writes (tg), at depths and in batches.",
    discussion: """
      Every list is combined with every other. One run before the measured ones is not counted; neither is \
      tokenizing or sampling. Before and after each run the memory's read bandwidth and the arithmetic peak are \
      measured: the fractions say how much of them the model used.

      Numbers: 512 · 1,2,4 · 1-4 · 128-512+128 (step) · 1-16*2 (factor).

      Examples:
        spud bench
        spud bench -m model.gguf -p 512 -n 128 -t 1,2
        spud bench -p 0 -n 64 -d 0,1024 -b 1-16*2 -o csv > decode.csv
        spud bench -p 0 -n 16 -d 131072 --fill --cache q8 --attend 0,4096
        spud bench -o jsonl | jq .tokens_per_second
        spud bench --replay after.txt --replay-prompt before.txt
      """)

  @OptionGroup(title: "Model") var model: ModelOptions

  @Option(
    name: [.customShort("p"), .long], parsing: .unconditional,
    help: ArgumentHelp("Tokens to read; 0 for none.", valueName: "list"))
  var prompt = IntegerList([512])

  @Option(
    name: [.customShort("n"), .long], parsing: .unconditional,
    help: ArgumentHelp("Tokens to write; 0 for none.", valueName: "list"))
  var generate = IntegerList([128])

  @Option(
    name: [.customShort("d"), .long], parsing: .unconditional,
    help: ArgumentHelp("Tokens that are in the context already.", valueName: "list"))
  var depth = IntegerList([0])

  @Flag(
    name: .long,
    help:
      "Make the depth of copies of the first \(BenchmarkTest.tokensFilledWith) tokens' keys and values, not by reading."
  )
  var fill = false

  @Flag(
    name: .long,
    help: "Give sequences pages of the cache no two of which lie side by side, as many conversations leave them.")
  var fragmented = false

  @Option(
    name: [.customShort("b"), .long], parsing: .unconditional,
    help: ArgumentHelp("Sequences at once.", valueName: "list"))
  var batch = IntegerList([1])

  @Option(
    name: [.customShort("t"), .long], parsing: .unconditional,
    help: ArgumentHelp("Threads that compute. Default: all processors.", valueName: "list"))
  var threads: IntegerList?

  @Option(
    name: [.customShort("r"), .long], parsing: .unconditional,
    help: ArgumentHelp("Measured runs, after one that is not counted.", valueName: "n"))
  var repetitions = 5

  @Option(name: [.customShort("o"), .customLong("output")], help: "How to print. Default: md.")
  var form: Form?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Write this text instead, whatever the model would, with guesses and without, in turn.", valueName: "file"),
    completion: .file())
  var replay: String?

  @Option(
    name: .long, help: ArgumentHelp("What the user said before --replay's text; needed with it.", valueName: "file"),
    completion: .file())
  var replayPrompt: String?

  @Option(name: .long, help: "Who multiplies: native (the project's own kernels) or blas (OpenBLAS, in float32).")
  var kernels = Backend.native

  @Option(name: .long, help: "Hold the weights in this format. Default: as the file does.")
  var weights: WeightFormat?

  @Option(name: .long, help: "Hold the key-value cache in this format.")
  var cache = CacheFormat.bf16

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "Positions that a token which is written attends to, chosen of those that there are; 0 is all.",
      valueName: "list"))
  var attend = IntegerList([0])

  @OptionGroup var experts: ExpertOptions
  @OptionGroup var json: JSONOptions

  func validate() throws {
    guard (1...1000).contains(repetitions) else {
      throw ValidationError("--repetitions is \(repetitions), but must be between 1 and 1000.")
    }
    guard batch.values.allSatisfy({ (1...1024).contains($0) }) else {
      throw ValidationError("--batch must hold numbers between 1 and 1024.")
    }
    guard attend.values.allSatisfy({ $0 == 0 || $0 >= 256 }) else {
      throw ValidationError("--attend must hold 0 or numbers from 256 on.")
    }
    try (threads?.values ?? []).forEach(ThreadOptions.check)
    if json.json, let form, form != .json {
      throw ValidationError("--json and -o \(form.rawValue) are two ways to print; give one of them.")
    }
    guard (replay == nil) == (replayPrompt == nil) else {
      throw ValidationError("--replay is an answer, and --replay-prompt what it answers: give both.")
    }
    let isList = [prompt.values != [512], generate.values != [128], depth.values != [0], batch.values != [1]]
    guard replay == nil || !(isList.contains(true) || attend.values != [0] || fill || fragmented || form == .csv) else {
      throw ValidationError("--replay writes one text once: -p, -n, -d, -b, --attend and -o csv are not for it.")
    }
    guard !tests.isEmpty else { throw ValidationError("There is nothing to measure: -p and -n are both 0.") }
  }

  /// Every combination, prompts first.
  private var tests: [BenchmarkTest] {
    let kinds =
      prompt.values.filter { $0 > 0 }.map(BenchmarkTest.Kind.prefill)
      + generate.values.filter { $0 > 0 }.map(BenchmarkTest.Kind.decode)
    return batch.values.flatMap { batch in
      depth.values.flatMap { depth in
        kinds.flatMap { kind in
          switch kind {
          case .prefill: [BenchmarkTest(kind, depth: depth, batch: batch)]
          case .decode: attend.values.map { BenchmarkTest(kind, depth: depth, batch: batch, attend: $0) }
          }
        }
      }
    }
  }

  func run() async throws {
    let path = try model.resolved()
    let interruption = Interruption()
    let signal = InterruptSignal { interruption.request() }
    defer { withExtendedLifetime(signal) {} }
    var rows: [BenchmarkRow] = []
    if let replay {
      return try await run(
        replaying: Files.text(replay), after: replayPrompt.map { try Files.text($0) } ?? "", path: path,
        interruption: interruption)
    }
    for count in threads?.values ?? [ProcessInfo.processInfo.activeProcessorCount] {
      let loading = Progress("loading")
      var options = LoadOptions(
        threads: count, kernels: kernels, weights: weights, cache: cache, onProgress: { loading.update($0) })
      options.text = .none
      options.weightsCache = experts.weightsCache?.count
      let model = try await Model.load(path, options: options)
      loading.finish()
      // What one test of many lacks must not come to light when the others have been measured.
      for test in tests { try model.check(test) }
      for test in tests where !interruption.isRequested {
        let progress = Progress("\(test.name), depth \(test.depth), batch \(test.batch), \(count) threads")
        progress.update(0)
        defer { progress.finish() }
        let result = try await model.measure(
          test, repetitions: repetitions, fills: fill, fragments: fragmented, interruption: interruption)
        guard !result.samples.isEmpty else { continue }
        let row = BenchmarkRow(model: model, threads: count, test: test, result: result)
        progress.finish()
        if form == .jsonl { try JSONOutput.print(row) } else { rows.append(row) }
      }
    }
    try show(rows)
  }

  private func run(replaying text: String, after prompt: String, path: String, interruption: Interruption) async throws
  {
    for count in threads?.values ?? [ProcessInfo.processInfo.activeProcessorCount] {
      var options = LoadOptions(threads: count, kernels: kernels, weights: weights, cache: cache)
      options.weightsCache = experts.weightsCache?.count
      let model = try await Model.load(path, options: options)
      let result = try await model.replay(text, after: prompt, repetitions: repetitions, interruption: interruption)
      guard !result.plain.isEmpty else { return }
      let report = ReplayReport(model: model, threads: count, result: result)
      if json.json || form == .json || form == .jsonl {
        try JSONOutput.print(report)
      } else {
        try Terminal.writeLine(report.line)
      }
    }
  }

  private func show(_ rows: [BenchmarkRow]) throws {
    struct Document: Encodable {
      var tests: [BenchmarkRow]
    }
    switch json.json ? .json : form ?? .md {
    case .md: try Terminal.writeLine(BenchmarkRow.table(rows).markdown)
    case .csv: try Terminal.writeLine(BenchmarkRow.records(rows).csv)
    case .json: try JSONOutput.print(Document(tests: rows))
    case .jsonl: break
    }
  }
}
