internal import ArgumentParser
internal import Foundation
internal import SpudComparison
internal import SpudErrors
internal import SpudInference
internal import SpudModels
internal import SpudPipeline
internal import Synchronization

/// `spud compare`: unified against pipelined, claim by claim.
struct Compare: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a unified model against pipelines, claim by claim, and write a report.",
    discussion: """
      Every system answers the same questions in turn, in the same runtime. report.html, report.md and report.json are \
      written to --out, beside a journal of everything measured: an interrupted run goes on where it stopped when the \
      same command is given again.

      --systems takes names with commas between them (unified, pipeline-shared, pipeline-specialists, pipeline-large, \
      pipeline-parallel, dense-active, dense-total), or a JSON file that names other models:
      {"systems": [{"kind": "unified", "model": "DIR"}, {"id": "mine", "kind": "pipeline-specialists", \
      "vision": "DIR", "hearing": "DIR", "language": "DIR"}]}

      Defaults are looked for here, then beside the program.

      Examples:
        spud compare --quick
        spud compare --systems unified --out skills
        spud compare --suite my-questions --systems systems.json
        spud compare --price-per-core-hour 0.04 --out cheaper
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var threads: ThreadOptions

  @Option(
    help: ArgumentHelp(
      "Questions: a directory of .jsonl files with their media, or one file. Default: Benchmarks/suites/world.",
      valueName: "path"),
    completion: .directory)
  var suite: String?

  @Option(help: ArgumentHelp("What to compare. Default: every system whose models are there.", valueName: "list|file"))
  var systems: String?

  @Option(
    help: ArgumentHelp("Where the other systems' models are. Default: Models.", valueName: "dir"),
    completion: .directory)
  var models: String?

  @Option(help: ArgumentHelp("Where the report goes.", valueName: "dir"), completion: .directory)
  var out = "comparison"

  @Option(
    help: ArgumentHelp(
      """
      Training curves of the controls: NAME.csv beside NAME.json, and NAME-2.csv … with other seeds. Default: \
      Benchmarks/curves, where it is.
      """,
      valueName: "dir"),
    completion: .directory)
  var curves: String?

  @Flag(help: "A small run, in under two minutes.")
  var quick = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Questions of each skill. Default: 120, 6 with --quick, all for one system.", valueName: "n"))
  var perSkill: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Minutes after which no question is begun. Default: 24, 1.25 with --quick, 50 for one system.", valueName: "m"))
  var minutes: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("What one core costs for one hour, in any currency.", valueName: "money"))
  var pricePerCoreHour = 0.05

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Chooses the questions and the resampling. Default: 1.", valueName: "n"),
    transform: Seed.parse)
  var seed: UInt64 = 1

  @OptionGroup var output: JSONOptions

  func validate() throws {
    guard pricePerCoreHour.isFinite, pricePerCoreHour > 0 else {
      throw ValidationError("--price-per-core-hour is \(pricePerCoreHour), but must be above 0.")
    }
    if let perSkill, perSkill < 1 { throw ValidationError("--per-skill is \(perSkill), but must be at least 1.") }
    if let minutes, !(minutes > 0 && minutes.isFinite) {
      throw ValidationError("--minutes is \(minutes), but must be above 0.")
    }
  }

  func run() async throws {
    // Everything that can be wrong is found out before anything is measured.
    let questions = try Suite.load(path: suite ?? DefaultModel.found("Benchmarks/suites/world"))
    let models = models ?? DefaultModel.found("Models")
    let unified = unifiedPath(models)
    let (specifications, absent) = try SystemSpecification.resolve(systems, unified: unified, directory: models)
    let controls =
      try (curves ?? DefaultModel.find("Benchmarks/curves")).map { try ControlRun.load(directory: $0) } ?? []
    let comparison = Comparison(
      suite: questions, directory: out, extent: extent, isQuick: quick, seed: seed,
      pricePerCoreHour: pricePerCoreHour, controls: controls,
      remarks: [absent, SystemSpecification.trainingRemark(specifications)].compactMap(\.self))
    if let absent { Terminal.report(absent) }

    let meter = ProgressLine()
    let out = out
    let signals = EndingSignals { name in
      meter.finish()
      Terminal.report("spud: ended by \(name); what was measured is in \(out), and the same command goes on from there")
    }
    defer { signals.release() }
    let registry = ModelRegistry(threads: threads.count) { path in Terminal.report("loading \(path)") }
    let loaded = try await registry.systems(specifications)
    let probes = try await probes(registry, specifications, questions)

    let (report, files) = try await comparison.run(
      systems: loaded, probes: probes, fingerprint: ModelRegistry.fingerprint(of: specifications),
      resumed: { count in
        if count > 0 { Terminal.report("going on with a run that was interrupted: \(count) measurements are there") }
      },
      onProgress: { meter.show($0) })
    meter.finish()
    try Terminal.write(output.json ? report.json() : text(report))
    Terminal.report("the report: \(files.joined(separator: ", "))")
  }

  private var isAlone: Bool {
    guard let systems, !systems.hasSuffix(".json") else { return false }
    return !systems.contains(",")
  }

  private var extent: Runner.Extent {
    // One system compares with nothing: all of its skills, and no times.
    var extent = quick ? Runner.Extent.quick : isAlone ? .skills : .full
    if let perSkill { extent.perSkill = perSkill }
    if let minutes { extent.budget = minutes * 60 }
    return extent
  }

  /// The unified model, which only some systems need: that it is missing matters when one of them is asked for.
  private func unifiedPath(_ models: String) -> String {
    (try? DefaultModel.resolve(model.path)) ?? "\(models)/spud-nano"
  }

  private func probes(
    _ registry: ModelRegistry, _ specifications: [SystemSpecification], _ suite: Suite
  ) async throws -> [Probe] {
    guard let (id, unified) = try await registry.unified(of: specifications) else { return [] }
    // One skill's figures need no probes: `--systems unified` is how a model is evaluated.
    guard specifications.count > 1 else { return [] }
    let chosen = suite.selection(perSkill: extent.perSkill, seed: seed)
    var shape = ModelShape(unified.transformer.configuration)
    if shape.experts == 0 { shape.expertsPerToken = 2 }
    var trained: [DecodeProbe.Trained] = []
    for specification in specifications where !specification.kind.isPipeline {
      guard case .single(let path) = specification.models else { continue }
      let model = try await registry.model(path, threads: threads.count)
      trained.append(.init(name: specification.id, transformer: model.transformer))
    }
    let decode = DecodeProbe(
      shape: shape, trained: trained, experts: quick ? [4, 16, 64] : [4, 8, 16, 32, 64],
      contexts: quick ? [0, 512, 2048] : [0, 1024, 4096, 16384, 32768], repetitions: quick ? 3 : 7,
      tokens: quick ? 16 : 32, threads: threads.count, seed: seed)
    let stream = StreamProbe(
      system: id, model: unified, examples: suite.selection(perSkill: .max, seed: seed),
      showcase: Comparison.showcaseExample(chosen))
    let memory = MemoryProbe(system: id, model: unified, examples: chosen, count: quick ? 3 : 30)
    // A browser takes minutes.
    let agent = quick ? [] : [AgentProbe.probe(threads: threads.count)]
    return [decode.probe(.continuous), memory.probe(.continuous)] + stream.probes() + agent
  }

  /// The verdicts and the skills, as Markdown: readable as they are, and easy to keep.
  private func text(_ report: Report) -> String {
    var text = ""
    if report.systems.count > 1 {
      for claim in report.claims {
        text += "\(claim.verdict.rawValue.padding(toLength: 15, withPad: " ", startingAt: 0))"
        text += "\(claim.id.title): \(claim.finding)\n"
      }
      text += "\n"
    }
    return text + report.skillsTable()
  }
}

/// One line on standard error that says how far a comparison is; silent when nobody is watching.
private final class ProgressLine: Sendable {
  private let last = Mutex("")

  func show(_ progress: Runner.Progress) {
    guard Terminal.showsProgress else { return }
    let filled = Int((min(max(progress.fraction, 0), 1) * 24).rounded(.down))
    let bar = String(repeating: "━", count: filled) + String(repeating: " ", count: 24 - filled)
    let left = progress.secondsLeft.map { ", about \(Format.seconds($0.rounded())) left" } ?? ""
    let line = "\(bar) \(Int(progress.fraction * 100)) %\(left)  \(progress.label)"
    last.withLock { last in
      guard last != line else { return }
      last = line
      Terminal.write(toErrors: "\r\(Terminal.faint(line))\u{1B}[K")
    }
  }

  func finish() {
    guard Terminal.showsProgress else { return }
    Terminal.write(toErrors: "\r\u{1B}[K")
  }
}
