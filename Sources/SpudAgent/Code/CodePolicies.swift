package import SpudGuardian

/// What an agent may do with code where nobody says otherwise.
package enum CodePolicies {
  package static let principal = EntityUID(type: "Agent", id: "code")

  /// Looking is permitted; so are changes to files, but for the machinery around them, and a limited number of
  /// commands.
  package static let standard = """
    @id("look")
    permit (principal, action in [Action::"list_files", Action::"read_file", Action::"search"], resource);
    @id("change")
    permit (principal, action in [Action::"edit_file", Action::"write_file"], resource)
    when {
      !(context.input.path like ".git/*") && !(context.input.path like "*/.git/*") &&
      !(context.input.path like ".git") && !(context.input.path like "*/.git")
    }
    unless { context.input.path like "*.pem" || context.input.path like "*.key" || context.input.path like "*.env" };
    @id("run")
    permit (principal, action == Action::"run_command", resource);
    @id("commands-are-few")
    forbid (principal, action == Action::"run_command", resource) when { context.session.commands > 40 };
    """

  /// A gate for these policies.
  /// - Throws: `badData` where they are none.
  package static func gate(
    _ policies: PolicySet, person: (@Sendable (Proposal) -> Bool)? = nil, asksForWrites: Bool = false
  ) throws -> ActionGate {
    let session = try GuardedSession(
      policies: policies, counters: [SessionCounter("commands", of: ["run_command"])])
    return ActionGate(
      session: session, principal: principal, person: person, asksForWrites: asksForWrites)
  }
}
