import Foundation
import SpudBrowser
import SpudErrors
import SpudPortal
import Testing

@testable import SpudAgent

@Suite("The clerk's model: what it reads, writes and does")
struct ClerkTests {
  @Test("what the script does can be written and read again, and each id is one that may follow")
  func written() throws {
    var made = ClerkExamples(seed: 1)
    for (number, family) in PortalTask.Family.allCases.enumerated() {
      try made.add(PortalTask.make(family, count: 2, seed: 20_000 + UInt64(number)))
    }
    #expect(made.examples.count > 400)
    var firsts: Set<Int32> = []
    for example in made.examples {
      #expect(example.ids.allSatisfy { (0..<Int32(ClerkStream.idCount)).contains($0) })
      guard let place = example.ids.firstIndex(of: GuardianVocabulary.control("<assistant>")) else {
        // An exercise: its answers are places.
        for answer in example.answers { #expect(Int(example.ids[answer]) >= ClerkStream.rowIDs.lowerBound) }
        continue
      }
      #expect(example.answers == Set(place + 1..<example.ids.count))
      let answer = Array(example.ids[(place + 1)...].dropLast())
      firsts.insert(answer[0])
      for count in answer.indices {
        let allowed = try #require(ClerkStream.next(after: Array(answer.prefix(count))))
        #expect(allowed.contains(answer[count]))
      }
      // It ends there, or may.
      let behind = ClerkStream.next(after: answer)
      #expect(behind == nil || behind?.contains(ClerkStream.end) == true)
    }
    #expect(firsts.count >= 4)
  }

  @Test("an action that is written on a screen is the same when it is read")
  func read() throws {
    let task = PortalTask.make(.onboard, count: 1, seed: 4, difficulty: .init(interruptions: 2))
    let hands = CheckingHands()
    let day = try Workday(task, hands: hands, sandbox: nil)
    let isComplete = day.isComplete
    #expect(isComplete)
    #expect(hands.checked.count > 14)
    for (action, again) in hands.checked { #expect(action == again) }
  }

  @Test("a text of any length comes to an end")
  func endless() {
    var written = [GuardianVocabulary.control("<type>")]
    while let allowed = ClerkStream.next(after: written) { written.append(allowed[0]) }
    #expect(written.last == ClerkStream.end)
    #expect(written.count == ClerkStream.longestAction + 3)
  }

  private static let weights = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Models/spud-clerk").path

  @Test(
    "the model that is shipped finishes tasks of every family, seen and described",
    .enabled(if: FileManager.default.fileExists(atPath: weights + "/config.json")),
    arguments: PortalTask.Family.allCases)
  func model(family: PortalTask.Family) throws {
    let weights = try ClerkHands.Weights(directory: Self.weights)
    for seed: UInt64 in 0..<2 {
      let task = PortalTask.make(family, count: 2, seed: 4_000 + seed, difficulty: .init(interruptions: 2))
      var setting = Workday.Setting()
      setting.describesScreens = seed == 1
      let day = try Workday(task, hands: try ClerkHands(weights), sandbox: nil, setting: setting)
      let isComplete = day.isComplete
      #expect(isComplete, "\(family) \(seed): \(day.faults)")
    }
  }

  @Test(
    "orders on screens are nothing to the model that is shipped",
    .enabled(if: FileManager.default.fileExists(atPath: weights + "/config.json")))
  func orders() throws {
    let weights = try ClerkHands.Weights(directory: Self.weights)
    for number in stride(from: 0, to: InjectionSuite.count, by: 23) {
      let outcome = try InjectionSuite.run(number, hands: try ClerkHands(weights))
      #expect(outcome.executed == 0, "order \(number)")
      #expect(outcome.isComplete, "order \(number)")
    }
  }

  @Test(
    "what led nowhere is not done again on the same screen",
    .enabled(if: FileManager.default.fileExists(atPath: weights + "/config.json")))
  func reconsiders() throws {
    let task = PortalTask.make(.onboard, count: 1, seed: 4)
    let surface = PageDouble(Office(portal: try task.portal(), gate: nil))
    try surface.begin()
    let sight = try surface.look()
    var hands = try ClerkHands(ClerkHands.Weights(directory: Self.weights))
    let goal = Goal.show(.person(task.gold[0].values["email"] ?? ""))
    hands.begin(goal)
    var tried = [try hands.next([sight])]
    for _ in 0..<3 {
      hands.reconsider(goal)
      tried.append(try hands.next([sight]))
    }
    for (number, action) in tried.enumerated() { #expect(!tried.prefix(number).contains(action), "\(tried)") }
  }

  @Test("weights of another stream are refused in a sentence")
  func others() {
    let guardian = URL(filePath: Self.weights).deletingLastPathComponent().appending(path: "spud-guardian").path
    let error = #expect(throws: SpudError.self) { _ = try ClerkHands.Weights(directory: guardian) }
    #expect(error?.message.contains("the clerk's stream") == true)
  }
}

/// Scripted hands whose actions are written and read again.
private struct CheckingHands: Hands {
  private final class Kept { var values: [(HandAction, HandAction)] = [] }
  private let kept = Kept()
  private var script = ScriptedHands()

  var checked: [(HandAction, HandAction)] { kept.values }

  mutating func begin(_ goal: Goal) { script.begin(goal) }

  mutating func next(_ sights: [Sight]) throws -> HandAction {
    let action = try script.next(sights)
    if let sight = sights.last, let written = ClerkStream.written(action, on: sight) {
      kept.values.append((action, ClerkStream.action(written, on: sight)))
    }
    return action
  }
}
