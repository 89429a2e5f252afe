internal import ArgumentParser
internal import Foundation
internal import SpudBrowser
internal import SpudErrors
internal import SpudHands
internal import SpudTensors

/// `spud miniwob`: the hands on the pages of MiniWoB++.
struct MiniwobCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "miniwob",
    abstract: "Measure the hands on the pages of MiniWoB++, from pixels, on seeds that training never saw.",
    discussion: """
      Success is a raw reward of 1; circle-center, find-midpoint and right-angle are graded, and there it is 0.9. The \
      task is given as text, in the page's own words; all else are pixels. Intervals are of 95 %.

      Examples:
        spud miniwob --pages miniwob/html/miniwob -m Models/spud-hands --tier 1
        spud miniwob --pages miniwob/html/miniwob --random --page click-test --seeds 20
      """)

  @Option(help: ArgumentHelp("The folder html/miniwob of PyPI's miniwob 1.1.0; $MINIWOB without it.", valueName: "dir"))
  var pages: String?
  @Option(name: [.short, .long], help: ArgumentHelp("The model's directory.", valueName: "dir"))
  var model = "Models/spud-hands"
  @Option(help: ArgumentHelp("1, 2 or 3; all without it.", valueName: "n")) var tier: [Int] = []
  @Option(help: ArgumentHelp("A page, in place of tiers; may be repeated.", valueName: "name")) var page: [String] = []
  @Option(help: ArgumentHelp("Episodes a page.", valueName: "n")) var seeds = 100
  @Option(help: ArgumentHelp("evaluation, or development.", valueName: "split")) var split = "evaluation"
  @Option(name: [.short, .long], help: ArgumentHelp("Threads.", valueName: "n")) var threads = 2
  @Option(
    help: ArgumentHelp(
      "Views of each screen, moved by some pixels, judged together: for a model that learned from moved screens.",
      valueName: "n"))
  var views = 5
  @Flag(help: "Play without a model: up to ten clicks anywhere.") var random = false
  @Flag(help: "Print one JSON object.") var json = false

  /// What others came to, as published; the tasks and inputs differ.
  private static let published = """
    Elsewhere: random 13.9 % (46 pages, ten clicks), oracle 100 %, humans 93.5 % (104 pages), CC-Net without DOM \
    24.0 % (104), SeeClick of 9.6 B parameters 69.4 % (55), Pix2Act 96.2 % (59). Sources: caap-agent's README, its \
    table of published numbers; random was measured on these pages.
    """

  func validate() throws {
    guard (1...100).contains(seeds) else { throw ValidationError("--seeds is \(seeds), expected 1 to 100") }
    guard ["evaluation", "development"].contains(split) else {
      throw ValidationError("--split is '\(split)', expected evaluation or development")
    }
    try Output.check(threads: threads)
    guard (1...9).contains(views) else { throw ValidationError("--views is \(views), expected 1 to 9") }
    guard tier.allSatisfy((1...3).contains) else { throw ValidationError("--tier is 1, 2 or 3") }
  }

  func run() throws {
    guard let folder = pages ?? ProcessInfo.processInfo.environment["MINIWOB"] else {
      throw SpudError(
        .noInput, "neither --pages nor $MINIWOB names the pages: the folder html/miniwob of PyPI's miniwob 1.1.0")
    }
    let site = try MiniwobSite(pages: folder)
    let known = Set(MiniwobPage.tiers.joined())
    if let other = page.first(where: { !known.contains($0) }) {
      throw SpudError(.usage, "--page is '\(other)', which is none of the 57 pages")
    }
    guard random || FileManager.default.fileExists(atPath: model + "/marks.safetensors") else {
      throw SpudError(.noInput, "\(model): there is no model of hands, which has marks.safetensors")
    }
    let hands = try random ? nil : HandModel(directory: model, threads: threads, views: views)
    let run = try MiniwobRun(
      site, in: Sandbox(), stream: hands?.stream, thinker: hands.map { hands in { try hands.answer($0, $1) } },
      chance: SystemRandomNumberGenerator())
    let tiers = page.isEmpty ? (tier.isEmpty ? [1, 2, 3] : tier).map { ($0, MiniwobPage.tiers[$0 - 1]) } : [(0, page)]
    var report: [(String, JSONValue)] = []
    if !json { try Output.line("| page | success | 95 % |\n|---|---|---|") }
    for (number, names) in tiers {
      var rates: [SuccessRate] = []
      for name in names {
        var rate = SuccessRate()
        for seed in 0..<seeds {
          let reward = try run.play(name, seed: MiniwobPage.seed(split, name, seed))
          rate.trials += 1
          if let reward, reward >= MiniwobPage.threshold(name) { rate.successes += 1 }
        }
        rates.append(rate)
        report.append((name, .number(rate.share)))
        let graded = MiniwobPage.thresholds[name].map { " (reward from \($0))" } ?? ""
        if !json { try Output.line("| \(name)\(graded) | \(Self.percent(rate.share)) | \(Self.text(rate.interval)) |") }
      }
      let (mean, half) = SuccessRate.mean(rates)
      report.append(("tier_\(number)", .number(mean)))
      let title = number == 0 ? "mean" : "mean of tier \(number)"
      if !json {
        try Output.line("| **\(title)**, \(names.count) pages | \(Self.percent(mean)) | ± \(Self.percent(half)) |")
      }
    }
    report.append(("browser", .string(run.browserVersion)))
    if json { return try Output.json(report) }
    try Output.line("\n\(seeds) episodes a page, split \(split), \(run.browserVersion)")
    if let hands, hands.seconds > 0 {
      try Output.line("\(hands.tokens) tokens in \(String(format: "%.1f", hands.seconds)) s of the model")
    }
    try Output.line(Self.published)
  }

  private static func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }

  private static func text(_ interval: ClosedRange<Double>) -> String {
    String(format: "%.0f – %.0f %%", 100 * interval.lowerBound, 100 * interval.upperBound)
  }
}
