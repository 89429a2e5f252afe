package import SpudTensors

/// A part of a conversation with a model that may call tools.
package enum ToolMessage: Sendable, Equatable {
  case system(String)
  case user(String)
  case assistant(text: String, calls: [ToolRequest])
  case tool(id: String, text: String)
}

/// A call that a model makes.
package struct ToolRequest: Sendable, Equatable {
  package let id: String
  package let name: String
  /// The arguments, as a JSON object; anything else is told to the model as a mistake.
  package let arguments: JSONValue

  package init(id: String, name: String, arguments: JSONValue) {
    self.id = id
    self.name = name
    self.arguments = arguments
  }
}

/// A model that reads a conversation and answers with words, calls, or both.
package protocol ToolModel {
  /// - Throws: `ContextFull` where the conversation is too long for it, `AnswerCut` where its answer has no end,
  ///   `CancellationError` where it was interrupted; `SpudError` for whatever else.
  mutating func answer(_ messages: [ToolMessage], tools: [DeclaredTool]) throws -> (text: String, calls: [ToolRequest])
}

/// The model had no room to end its answer.
package struct AnswerCut: Error {
  /// What there is of it.
  package let text: String

  package init(text: String) { self.text = text }
}

/// The conversation is longer than the model can read.
package struct ContextFull: Error {
  package init() {}
}
