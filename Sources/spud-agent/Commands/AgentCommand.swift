internal import ArgumentParser

/// `spud agent`: work with an outcome.
struct AgentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agent",
    abstract: "Do work in the portal by sight and prove it, or work on code in a copy of a folder.",
    subcommands: [
      OfficeWork<Onboard>.self, OfficeWork<Offboard>.self, OfficeWork<Correct>.self, OfficeWork<Reconcile>.self,
      AgentCode.self, AgentTools.self, AgentTicket.self, AgentSuite.self, AgentPolicies.self, AgentReplay.self,
      AgentLatency.self,
      AgentEvidence.self, AgentExamples.self,
    ])
}
