internal import ArgumentParser
internal import Foundation
internal import SpudAgent
internal import SpudErrors
internal import SpudTensors

/// `spud agent latency`: what the Guardian's model costs in time.
struct AgentLatency: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "latency",
    abstract: "Measure the time that the Guardian adds to an action: off, in sequence, parallel.",
    discussion: """
      A main model reads a prompt and writes an action, for actions of the portal in turn without the Guardian, with \
      it asked afterwards, and with it reading from the first token on and joined before dispatch. The machine should \
      have nothing else to do.

      Example:
        spud agent latency --actions 200
      """)

  @Option(
    name: [.short, .long], help: ArgumentHelp("The main model; Models/spud-hands where it is.", valueName: "dir"))
  var model: String?
  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Threads of the main model; one less than the processors are leaves one to the Guardian.", valueName: "n"))
  var threads = max(1, ProcessInfo.processInfo.activeProcessorCount - 1)
  @Option(help: ArgumentHelp("How many actions.", valueName: "n")) var actions = 200
  @Option(help: ArgumentHelp("Ids that the main model reads.", valueName: "n")) var read = 200
  @Option(help: ArgumentHelp("Ids that it writes.", valueName: "n")) var written = 6
  @OptionGroup var guardian: GuardianOptions
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    try Output.check(threads: threads)
    guard actions > 0, read > 0, written > 0 else {
      throw SpudError(.usage, "--actions, --read and --written are 1 at least")
    }
    guard let weights = try guardian.weights() else {
      throw SpudError(.noInput, "there is no model of the Guardian: Models/spud-guardian, or --guardian DIR")
    }
    let model = try Self.main(model)
    var load = GuardianLatency.Load()
    (load.read, load.written) = (read, written)
    let measured = try GuardianLatency(main: model, threads: threads, guardian: weights, actions: actions, load: load)
    guard !json else { return try Output.json(Self.members(measured, actions)) }
    func seconds(_ value: Double) -> String { String(format: "%.2f ms", 1_000 * value) }
    func percent(_ value: Double) -> String { String(format: "%.1f %%", 100 * value) }
    try Output.line(
      "| Guardian | p50 | p95 | added, p50 | added, p95 | main model slower by |\n|---|---|---|---|---|---|")
    for mode in GuardianLatency.Mode.allCases {
      let added =
        mode == .off
        ? ["–", "–", "–"]
        : [percent(measured.added(mode, 0.5)), percent(measured.added(mode, 0.95)), percent(measured.slowdown(mode))]
      try Output.line(
        "| \(mode.rawValue) | \(seconds(measured.total(mode, 0.5))) | \(seconds(measured.total(mode, 0.95))) | "
          + added.joined(separator: " | ") + " |")
    }
    try Output.line("\n\(actions) actions, \(read) ids read and \(written) written by \(model), \(threads) threads")
  }

  /// The main model: what is named, or the one that moves hands on screens.
  static func main(_ named: String?) throws -> String {
    guard let model = named ?? shippedModel("spud-hands") else {
      throw SpudError(.noInput, "there is no main model: Models/spud-hands, or --model DIR")
    }
    return model
  }

  static func members(_ measured: GuardianLatency, _ actions: Int) -> [(String, JSONValue)] {
    [("actions", .number(actions))]
      + GuardianLatency.Mode.allCases.map { mode in
        (
          mode.rawValue.replacing(" ", with: "_"),
          .object(
            JSONObject([
              ("p50", .number(measured.total(mode, 0.5))), ("p95", .number(measured.total(mode, 0.95))),
              ("added_p50", .number(measured.added(mode, 0.5))), ("added_p95", .number(measured.added(mode, 0.95))),
              ("slowdown", .number(measured.slowdown(mode))),
            ]))
        )
      }
  }
}
