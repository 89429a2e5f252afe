internal import ArgumentParser
internal import Foundation
internal import SpudAgent
internal import SpudBrowser
internal import SpudErrors
internal import SpudGuardian
internal import SpudPortal
internal import SpudTensors

/// A kind of work in the portal, as a command.
protocol OfficeFamily {
  static var family: PortalTask.Family { get }
  static var abstract: String { get }
}

enum Onboard: OfficeFamily {
  static let family = PortalTask.Family.onboard
  static let abstract = "Onboard people: a record, hardware, a badge and a mail list for each."
}

enum Offboard: OfficeFamily {
  static let family = PortalTask.Family.offboard
  static let abstract = "Offboard people: hardware back, badges and lists withdrawn, the records closed."
}

enum Correct: OfficeFamily {
  static let family = PortalTask.Family.correct
  static let abstract = "Correct records of people."
}

enum Reconcile: OfficeFamily {
  static let family = PortalTask.Family.reconcile
  static let abstract = "Set the stock to what was counted."
}

/// `spud agent onboard` and its like: one task from a seed, done in a browser from pixels, judged from outside.
struct OfficeWork<Family: OfficeFamily>: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: Family.family.rawValue, abstract: Family.abstract,
      discussion: """
        The agent sees the screen of a browser in a sandbox without a network, and every action passes the Guardian. \
        Afterwards a judge compares the records with those of a clerk who errs nowhere. Exit codes: 0 finished and \
        verified, 65 not, 69 no browser or no sandbox, 130 interrupted.

        Examples:
          spud agent \(Family.family.rawValue) --people 3 --dry-run
          spud agent \(Family.family.rawValue) --people 50 --film film.html --log log.jsonl
        """)
  }

  @Option(name: [.long, .customLong("items")], help: ArgumentHelp("How many people, or items.", valueName: "n"))
  var people = 3
  @Option(help: ArgumentHelp("The seed of the task.", valueName: "n")) var seed: UInt64 = 1
  @Option(help: ArgumentHelp("How much goes wrong on the way: of 10 forms so many.", valueName: "n"))
  var interruptions = 1
  @Option(help: ArgumentHelp("Actions in all.", valueName: "n")) var steps = 10_000
  @Option(help: ArgumentHelp("Minutes in all.", valueName: "n")) var minutes = 60.0
  @Flag(help: "Make no change: fill in forms, and say what would be sent.") var dryRun = false
  @Flag(help: "Ask before each change.") var approve = false
  @Flag(help: "Work on a double of the pages instead of in a browser.") var double = false
  @Flag(help: "Believe what pages say, without looking again.") var noLooking = false
  @Flag(help: "Work without the Guardian, to measure what it is good for.") var noGuardian = false
  @Option(help: ArgumentHelp("Text that must not stand in the log; may be repeated.", valueName: "text"))
  var secret: [String] = []
  @Option(help: ArgumentHelp("Where to write the log, a line of JSON an action.", valueName: "file.jsonl"))
  var log: String?
  @Option(help: ArgumentHelp("Where to write the screens, as a page that plays them.", valueName: "file.html"))
  var film: String?
  @OptionGroup var hands: HandsOptions
  @OptionGroup var guardian: GuardianOptions
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    guard (1...50).contains(people) else { throw ValidationError("--people is \(people), expected 1 to 50") }
    guard (0...9).contains(interruptions) else {
      throw ValidationError("--interruptions is \(interruptions), expected 0 to 9")
    }
    guard steps > 0, minutes > 0 else { throw ValidationError("--steps and --minutes are above 0") }
    guard seed <= UInt64(Int.max) else { throw ValidationError("--seed is \(seed), expected 0 to \(Int.max)") }
    guard film == nil || !double else {
      throw ValidationError("--film is of a browser's screens, of which --double has none")
    }
    guard !approve || Output.inputIsTerminal else { throw ValidationError("--approve needs a terminal to ask on") }
  }

  func run() throws {
    let task = PortalTask.make(
      Family.family, count: people, seed: seed, difficulty: .init(interruptions: interruptions))
    let hands = try hands.maker()()
    let interrupt = Interrupt()
    let recording = film.map { _ in Film() }
    var setting = Workday.Setting()
    setting.usesGuardian = !noGuardian
    setting.overseer = try guardian.overseer()
    setting.secrets = secret
    setting.options.isDry = dryRun
    setting.options.looksAgain = !noLooking
    setting.options.budget.actions = steps
    setting.options.budget.seconds = minutes * 60
    setting.options.isInterrupted = { interrupt.isPending }
    setting.options.watcher = { sight, text in try? recording?.add(sight, text) }
    if approve {
      setting.asksForWrites = true
      setting.person = { Output.confirm("Send \($0.effect?.text ?? $0.target)?", unless: interrupt) }
    }
    let lines = try log.map(LogFile.init)
    let head = JSONValue.object(
      JSONObject([
        ("family", .string(Family.family.rawValue)), ("people", .number(people)), ("seed", .number(Int(seed))),
        ("interruptions", .number(interruptions)), ("double", .bool(double)),
      ]))
    lines?.add(String(decoding: head.serialized, as: UTF8.self))
    setting.writeLog = { lines?.add($0) }
    if let film, !FileManager.default.fileExists(atPath: URL(filePath: film).deletingLastPathComponent().path) {
      throw SpudError(.io, "\(film): the film cannot be written there")
    }
    if !json { Output.report(task.ticket) }
    let sandbox = try double ? nil : Sandbox()
    let day = try Workday(task, hands: hands, sandbox: sandbox, setting: setting)
    try lines?.finish()
    if let film { try recording?.write(to: film, title: "spud agent \(Family.family.rawValue), seed \(seed)") }
    try json ? printJSON(day) : print(day)
    if day.report.ending == .interrupted { throw ExitCode(130) }
    if !dryRun, !day.isComplete { throw ExitCode(65) }
  }

  private func print(_ day: Workday) throws {
    let report = day.report
    try Output.line(
      "\(report.ending.rawValue): \(report.held.count) facts hold, \(report.alerts.count) alerts, \(report.actions) "
        + "actions (shortest \(day.shortest)), \(report.recoveries) recoveries, \(report.refusedByGuardian) refused by "
        + "the Guardian, \(String(format: "%.1f", report.seconds)) s")
    for alert in report.alerts { try Output.line("alert: \(alert.fact): \(alert.blocker)") }
    for text in report.planned { try Output.line("would send: \(text)") }
    for fact in report.halfDone { try Output.line("half done: \(fact)") }
    for fact in report.open { try Output.line("not begun: \(fact)") }
    guard !dryRun else { return }
    let verdict = day.judgement
    try Output.line(
      day.isComplete
        ? "judge: complete; no row missing, none too many, no minefield, every blocker reported"
        : "judge: not complete")
    for row in verdict.missing { try Output.line("missing: \(row)") }
    for row in verdict.collateral { try Output.line("too many: \(row)") }
    for query in verdict.minefields { try Output.line("minefield: \(query)") }
    for blocker in verdict.unreported { try Output.line("not reported: \(blocker.subject): \(blocker.reason)") }
    for subject in verdict.groundless { try Output.line("reported without a reason: \(subject)") }
  }

  private func printJSON(_ day: Workday) throws {
    func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
    let report = day.report
    try Output.json([
      ("family", .string(Family.family.rawValue)), ("seed", .number(Int(seed))), ("people", .number(people)),
      ("ending", .string(report.ending.rawValue)), ("complete", .bool(day.isComplete)), ("held", list(report.held)),
      ("alerts", list(report.alerts.map { "\($0.fact): \($0.blocker)" })), ("planned", list(report.planned)),
      ("half_done", list(report.halfDone)), ("open", list(report.open)), ("actions", .number(report.actions)),
      ("shortest", .number(day.shortest)), ("recoveries", .number(report.recoveries)),
      ("refused_by_guardian", .number(report.refusedByGuardian)), ("seconds", .number(report.seconds)),
      ("missing", list(day.judgement.missing)), ("collateral", list(day.judgement.collateral)),
      ("minefields", list(day.judgement.minefields)),
      ("unreported", list(day.judgement.unreported.map { "\($0.subject): \($0.reason)" })),
      ("groundless", list(day.judgement.groundless)),
    ])
  }
}
