internal import Foundation
internal import SpudComparison
internal import SpudErrors

/// Has the agent's program measure what the claims of the agent and of the Guardian are judged by.
enum AgentProbe {
  /// - Parameter threads: of the model whose time is measured with the Guardian and without; one less is used, where
  ///   there are two, so that the Guardian has a processor.
  static func probe(threads: Int) -> Probe {
    Probe(title: "agent and Guardian", keys: [AgentRecord.key]) { journal in
      try journal.append(.agent(try await record(threads: max(1, threads - 1))))
    }
  }

  @concurrent
  private static func record(threads: Int) async throws -> AgentRecord {
    do {
      // Nothing is built in the middle of a comparison that was not built before.
      guard CompanionProgram.agent.isBuilt else {
        return AgentRecord(missing: "The agent is not installed: Scripts/install agent.")
      }
      let program = try CompanionProgram.agent.find()
      let process = Process()
      process.executableURL = URL(filePath: program)
      process.arguments = ["agent", "evidence", "-t", "\(threads)"]
      let output = Pipe()
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      let data = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else {
        return AgentRecord(missing: "The agent's program ended with status \(process.terminationStatus).")
      }
      return try JSONDecoder().decode(AgentRecord.self, from: data)
    } catch let error as SpudError where error.code == .unavailable {
      return AgentRecord(missing: error.message)
    }
  }
}
