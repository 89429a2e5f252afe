internal import ArgumentParser
internal import Foundation
internal import SpudAgent
internal import SpudErrors
internal import SpudPortal

/// `spud agent examples`: what the Guardian's model is trained on.
struct AgentExamples: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "examples", abstract: "Write examples for the training of the Guardian's model.",
    discussion: """
      Each is, in whole numbers of 16 bits, little-endian: its length, its ids, the last of which is the verdict's. \
      Before all stands how many ids there are. Seeds are none that any suite uses.

      Example:
        spud agent examples --tickets 1000 --out examples.bin
      """, shouldDisplay: false)

  @Option(help: ArgumentHelp("How many tickets.", valueName: "n")) var tickets = 1_000
  @Option(help: ArgumentHelp("The first seed, below 900,000.", valueName: "n")) var seed: UInt64 = 10_000
  @Option(help: ArgumentHelp("Where to write them.", valueName: "file.bin")) var out: String

  func run() throws {
    guard tickets > 0, seed + UInt64(tickets) <= 900_000 else {
      throw SpudError(.usage, "--tickets is 1 at least, and seeds stay below 900000")
    }
    var made = GuardianExamples(seed: seed)
    for number in 0..<tickets {
      let families = PortalTask.Family.allCases
      let task = PortalTask.make(
        families[number % families.count], count: 1 + number / families.count % 3, seed: seed + UInt64(number),
        difficulty: .init(interruptions: number % 4, hasObstacles: number % 3 > 0))
      try made.add(task)
    }
    var data = Data()
    func append(_ number: Int) { data += [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)] }
    append(GuardianExamples.idCount)
    for example in made.examples {
      append(example.count)
      for id in example { append(Int(id)) }
    }
    guard FileManager.default.createFile(atPath: out, contents: data) else {
      throw SpudError(.io, "\(out): could not be written")
    }
    Output.report("\(made.examples.count) examples")
  }
}
