/// Who speaks in a turn.
public enum Role: String, Sendable, CaseIterable {
  case user, assistant
  /// Whoever set the model up: what holds for the whole conversation.
  case system
  /// A function that the assistant called.
  case tool
}

/// A function's call, as the assistant writes it.
public struct ToolCall: Sendable, Equatable {
  /// By what its result names it.
  public var id: String
  public var name: String
  /// A JSON object, as text.
  public var arguments: String

  public init(id: String, name: String, arguments: String) {
    self.id = id
    self.name = name
    self.arguments = arguments
  }
}

/// What a function gave back.
public struct ToolResult: Sendable, Equatable {
  /// The id of the call.
  public var id: String
  /// The function's name, where it is known.
  public var name: String?
  public var text: String

  public init(id: String, name: String? = nil, text: String) {
    self.id = id
    self.name = name
    self.text = text
  }
}
