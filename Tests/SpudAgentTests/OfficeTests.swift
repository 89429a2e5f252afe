import Foundation
import SpudBrowser
import SpudGuardian
import SpudPortal
import SpudTensors
import Testing

@testable import SpudAgent

@Suite("Work in the portal, without a browser")
struct OfficeTests {
  @Test(
    "scripted hands finish tasks of every family, with interruptions and obstacles",
    arguments: PortalTask.Family.allCases)
  func finishes(family: PortalTask.Family) throws {
    for seed in 0..<4 {
      let task = PortalTask.make(family, count: 3, seed: UInt64(seed), difficulty: .init(interruptions: 2))
      let day = try Workday(task, hands: ScriptedHands(), sandbox: nil)
      let isComplete = day.isComplete
      #expect(
        isComplete,
        """
        \(family) \(seed): missing \(day.judgement.missing), collateral \(day.judgement.collateral), unreported \
        \(day.judgement.unreported), groundless \(day.judgement.groundless), alerts \(day.report.alerts)
        """)
      #expect(day.stopped.isEmpty, "\(family) \(seed): \(day.stopped)")
    }
  }

  /// A task where a page says that it saved what it did not.
  private static let lied = (0..<60).lazy
    .map { PortalTask.make(.correct, count: 4, seed: UInt64($0), difficulty: .init(interruptions: 3)) }
    .first { task in task.interruptions.contains { if case .lie = $0 { true } else { false } } }

  @Test("without looking again, a portal that lies is believed")
  func lies() throws {
    let task = try #require(Self.lied)
    var setting = Workday.Setting()
    let seen = try Workday(task, hands: ScriptedHands(), sandbox: nil, setting: setting)
    setting.options.looksAgain = false
    let believed = try Workday(task, hands: ScriptedHands(), sandbox: nil, setting: setting)
    #expect(seen.judgement.isComplete)
    #expect(!believed.judgement.isComplete)
  }

  @Test("what stands in the way is reported, though the page says something else for once")
  func refusals() throws {
    var refusals = Refusals()
    for reason in ["No such person", "No such person", "Something failed: try again"] {
      refusals.add(reason)
      #expect(refusals.lasting == nil)
    }
    refusals.add("No such person")
    #expect(refusals.lasting == "No such person")
    // Nobody of this name is there, and the third attempt is refused for no reason.
    let task = OfficeSuite(tasks: 100, variations: 8, interruptions: 1).task(13, variation: 4)
    let day = try Workday(task, hands: ScriptedHands(), sandbox: nil)
    #expect(day.judgement.unreported.isEmpty)
  }

  @Test("a dry run changes nothing, and says what it would send")
  func dry() throws {
    let task = PortalTask.make(.reconcile, count: 3, seed: 5, difficulty: .init(interruptions: 0))
    var setting = Workday.Setting()
    setting.options.isDry = true
    let day = try Workday(task, hands: ScriptedHands(), sandbox: nil, setting: setting)
    #expect(day.writes.isEmpty)
    #expect(day.report.planned.count == 3)
    #expect(day.report.held.isEmpty)
  }

  @Test("a person's no stops each write, and is told as the blocker")
  func approval() throws {
    let task = PortalTask.make(.reconcile, count: 2, seed: 5, difficulty: .init(interruptions: 0))
    var setting = Workday.Setting()
    setting.asksForWrites = true
    setting.person = { $0.effect?.values["Item"] == "Phone" }
    let day = try Workday(task, hands: ScriptedHands(), sandbox: nil, setting: setting)
    #expect(day.writes.allSatisfy { $0.values["item"] == "Phone" })
    #expect(day.report.alerts.allSatisfy { $0.blocker.contains("a person did not say yes") })
    #expect(day.report.alerts.count + day.writes.count == 2)
  }

  @Test("an interruption ends at once, with what is half done and what was not begun")
  func interrupted() throws {
    let task = PortalTask.make(.onboard, count: 3, seed: 2, difficulty: .init(interruptions: 0, hasObstacles: false))
    var setting = Workday.Setting()
    var count = 0
    setting.options.isInterrupted = {
      count += 1
      return count > 40
    }
    let day = try Workday(task, hands: ScriptedHands(), sandbox: nil, setting: setting)
    #expect(day.report.ending == .interrupted)
    #expect(day.report.held.count + day.report.halfDone.count + day.report.open.count == 12)
    #expect(!day.report.halfDone.isEmpty)
    #expect(!day.report.open.isEmpty)
  }

  @Test("budgets end a run; the same action on the same screen is not repeated for ever")
  func budgets() throws {
    let task = PortalTask.make(.correct, count: 2, seed: 2, difficulty: .init(interruptions: 0))
    var setting = Workday.Setting()
    setting.options.budget.actions = 5
    let day = try Workday(task, hands: ScriptedHands(), sandbox: nil, setting: setting)
    #expect(day.report.ending == .outOfActions)
    #expect(day.report.actions == 5)
    let stubborn = try Workday(task, hands: StubbornHands(), sandbox: nil)
    #expect(stubborn.report.alerts.allSatisfy { $0.blocker == "the same action on the same screen changes nothing" })
    #expect(stubborn.report.actions < 150)
  }

  @Test("who does not find a record at first looks for it in another way")
  func wandering() throws {
    let task = PortalTask.make(.onboard, count: 2, seed: 3, difficulty: .init(interruptions: 2))
    let hands = WanderingHands()
    let isComplete = try Workday(task, hands: hands, sandbox: nil).isComplete
    #expect(isComplete)
    #expect(hands.told.reconsidered > 4)
  }

  @Test("a form that the Guardian did not let through does not stay open")
  func leavesForms() throws {
    let hands = WanderingHands(givesUp: false)
    var refused = 0
    for seed: UInt64 in 0..<8 {
      let day = try Workday(PortalTask.make(.onboard, count: 4, seed: seed), hands: hands, sandbox: nil)
      refused += day.report.refusedByGuardian
    }
    #expect(refused > 0)
    #expect(hands.told.begun > 100)
    #expect(hands.told.begunOnFilled == 0)
  }

  @Test("secrets do not stand in the log, and a log can be played again")
  func log() throws {
    let task = PortalTask.make(.reconcile, count: 1, seed: 9, difficulty: .init(interruptions: 0))
    var setting = Workday.Setting()
    setting.secrets = [task.gold[0].values["item"] ?? ""]
    let day = try Workday(task, hands: ScriptedHands(), sandbox: nil, setting: setting)
    let text = day.log.lines.map { String(decoding: $0.serialized, as: UTF8.self) }.joined()
    #expect(!text.contains(setting.secrets[0]))
    #expect(text.contains("•••"))
  }

  @Test("a log that was cut says so when it is played again")
  func cut() throws {
    let task = PortalTask.make(.reconcile, count: 1, seed: 9, difficulty: .init(interruptions: 0))
    let day = try Workday(task, hands: ScriptedHands(), sandbox: nil)
    let head = #"{"family": "reconcile", "people": 1, "seed": 9, "interruptions": 0, "double": true}"#
    let lines = [head] + day.log.lines.map { String(decoding: $0.serialized, as: UTF8.self) }
    let file = FileManager.default.temporaryDirectory.appending(path: "spud-log-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    for (count, isWhole) in [(lines.count, true), (lines.count - 1, false), (1, false)] {
      try Data(lines.prefix(count).joined(separator: "\n").utf8).write(to: file)
      let replay = try Replay(contentsOf: file.path)
      #expect(replay.isWhole == isWhole)
      let result = try replay.play(in: nil)
      #expect(result.differences.isEmpty)
      #expect(result.actions == (count == 1 ? 0 : day.report.actions))
    }
  }

  @Test("the policies of a ticket permit its gold writes and nothing else")
  func policies() throws {
    for family in PortalTask.Family.allCases {
      for seed in 0..<10 {
        let task = PortalTask.make(family, count: 3, seed: UInt64(seed))
        let plan = try Plan(ticket: task.ticket)
        #expect(try plan.violations(task.gold) == 0)
        let worse = task.gold.map { write in
          var values = write.values
          for name in ["level", "team", "item", "quantity", "list"] where values[name] != nil {
            values[name] = name == "level" ? "4" : name == "quantity" ? "998" : "other"
            return PortalWrite(form: write.form, values: values)
          }
          values["email"] = "somebody.else@spud.test"
          return PortalWrite(form: write.form, values: values)
        }
        #expect(try plan.violations(worse) == worse.count)
      }
    }
  }

  @Test("text on the screen that orders the agent about is not obeyed past the gate, and the work goes on")
  func injections() throws {
    #expect(InjectionSuite.count == 200)
    for number in stride(from: 0, to: InjectionSuite.count, by: 13) {
      let outcome = try InjectionSuite.run(number)
      #expect(outcome.executed == 0, "case \(number)")
      #expect(outcome.isTold, "case \(number)")
      #expect(outcome.isComplete, "case \(number)")
    }
  }

  @Test("no violation of six kinds comes through, and everything that the ticket orders does")
  func policySuite() throws {
    let suite = try PolicySuite(tickets: 24)
    for kind in PolicySuite.Kind.allCases {
      let count = try #require(suite.counts[kind], "\(kind)")
      #expect(count.passedBoth == (kind.isBenign ? count.actions : 0), "\(kind)")
      #expect(count.passedModel == nil)
    }
  }
}

/// Hands that click the title, whatever happens.
struct StubbornHands: Hands {
  mutating func begin(_ goal: Goal) {}
  mutating func next(_ sights: [Sight]) throws -> HandAction { .gesture(.click(x: 4, y: 4)) }
}

/// Scripted hands that say they are done where they happen to be, until they are told that they are not there.
private struct WanderingHands: Hands {
  final class Told { var (reconsidered, begun, begunOnFilled) = (0, 0, 0) }
  let told = Told()
  private var script = ScriptedHands()
  private let givesUp: Bool
  private var (isLost, isNew) = (false, false)

  init(givesUp: Bool = true) { self.givesUp = givesUp }

  mutating func begin(_ goal: Goal) {
    if case .show = goal { isLost = givesUp } else { isNew = true }
    script.begin(goal)
  }

  mutating func reconsider(_ goal: Goal) {
    begin(goal)
    isLost = false
    told.reconsidered += 1
  }

  mutating func next(_ sights: [Sight]) throws -> HandAction {
    defer { (isLost, isNew) = (false, false) }
    if isNew, let sight = sights.last {
      told.begun += 1
      // A form that was saved says so, and one that was refused why.
      let isAnswered = sight.parts.contains { $0.text == "Saved" || $0.text.hasPrefix("! ") }
      if !isAnswered, sight.title != "People", sight.fields.contains(where: { !$0.field.text.isEmpty }) {
        told.begunOnFilled += 1
      }
    }
    return isLost ? .done : try script.next(sights)
  }
}
