internal import ArgumentParser
internal import Foundation
internal import SpudAgent
internal import SpudErrors
internal import SpudPortal

/// `spud agent examples`: what the small models of the office are trained on.
struct AgentExamples: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "examples", abstract: "Write examples for the training of the Guardian's model, or the clerk's.",
    discussion: """
      Each is, in whole numbers of 16 bits, little-endian: its length, and its ids, of which those of the answer \
      have the highest bit set. Before all stands how many ids there are. Seeds are none that any suite uses.

      Example:
        spud agent examples --tickets 1000 --out examples.bin
      """, shouldDisplay: false)

  /// Whose examples they are.
  enum Learner: String, ExpressibleByArgument, CaseIterable { case guardian, clerk }

  @Option(help: ArgumentHelp("Who learns from them: guardian or clerk.", valueName: "model"))
  var learner = Learner.guardian
  @Option(help: ArgumentHelp("How many tickets.", valueName: "n")) var tickets = 1_000
  @Option(help: ArgumentHelp("The first seed, below 900,000.", valueName: "n")) var seed: UInt64 = 10_000
  @Option(help: ArgumentHelp("Where to write them.", valueName: "file.bin")) var out: String

  func run() throws {
    guard tickets > 0, seed + UInt64(tickets) <= 900_000 else {
      throw SpudError(.usage, "--tickets is 1 at least, and seeds stay below 900000")
    }
    var guardian = GuardianExamples(seed: seed)
    var clerk = ClerkExamples(seed: seed)
    for number in 0..<tickets {
      let families = PortalTask.Family.allCases
      // The clerk also meets offices in which nobody is on the first page of a list.
      let isLarge = learner == .clerk && number / families.count % 5 == 4
      let task = PortalTask.make(
        families[number % families.count], count: isLarge ? 50 : 1 + number / families.count % 3,
        seed: seed + UInt64(number),
        difficulty: .init(interruptions: number % 4, hasObstacles: number % 3 > 0))
      switch learner {
      case .guardian: try guardian.add(task)
      case .clerk: try clerk.add(task)
      }
    }
    let examples = learner == .guardian ? guardian.examples : clerk.examples
    let count = learner == .guardian ? GuardianExamples.idCount : ClerkStream.idCount
    let numbers = [UInt16(count)] + examples.flatMap(\.stored)
    let data = Data(numbers.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
    guard FileManager.default.createFile(atPath: out, contents: data) else {
      throw SpudError(.io, "\(out): could not be written")
    }
    Output.report("\(examples.count) examples")
  }
}
