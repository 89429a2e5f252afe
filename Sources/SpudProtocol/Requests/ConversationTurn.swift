package import SpudTokens

/// One message of a request, its media decoded.
package struct ConversationTurn: Sendable, Equatable {
  package enum Role: Sendable, Equatable {
    case system, user, assistant, tool

    init(_ name: String) {
      switch name {
      case "system", "developer": self = .system
      case "assistant": self = .assistant
      case "tool": self = .tool
      default: self = .user
      }
    }
  }

  /// A call that an assistant's message holds.
  package struct Call: Sendable, Equatable {
    package let id: String
    package let name: String
    /// The text of a JSON object.
    package let arguments: String
  }

  package var role: Role
  package var parts: [StreamPart] = []
  package var calls: [Call] = []
  /// Which call a tool's message answers.
  package var callID: String?
  package var name: String?

  package init(role: Role, parts: [StreamPart] = []) { (self.role, self.parts) = (role, parts) }
}
