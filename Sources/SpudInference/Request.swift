public import SpudTokens

/// What a model is asked: a conversation, and what the answer shall be.
public struct Request: Sendable {
  /// What was said so far; the last turn is the user's, or a tool's.
  public var turns: [StreamTurn]
  /// What the answer shall be.
  public var options: GenerationOptions
  /// Functions that the model may call.
  public var tools: [Tool] = []
  public var toolChoice = ToolChoice.auto
  /// Further variables of the checkpoint's chat template, as the text of a JSON object.
  public var templateArguments: String?
  /// Whether a text-only model goes on with the words of the turns as they are, without the form of a chat.
  public var continuesText = false
  /// Ids that a text-only model goes on with, in place of the turns.
  package var ids: [Int32]?

  public init(_ turns: [StreamTurn], options: GenerationOptions = GenerationOptions()) {
    self.turns = turns
    self.options = options
  }

  /// A question of one turn.
  public init(_ parts: [StreamPart], options: GenerationOptions = GenerationOptions()) {
    self.init([StreamTurn(.user, parts)], options: options)
  }
}

/// A function that a model may call.
public struct Tool: Sendable, Equatable {
  public var name: String
  public var description: String?
  /// A JSON Schema of its arguments, an object, as text.
  public var parameters: String?
  /// Whether calls must follow the schema.
  public var isStrict = false

  public init(name: String, description: String? = nil, parameters: String? = nil, isStrict: Bool = false) {
    self.name = name
    self.description = description
    self.parameters = parameters
    self.isStrict = isStrict
  }
}

/// Whether a model calls functions.
public enum ToolChoice: Sendable, Equatable {
  case auto
  case none
  /// At least one.
  case required
  /// This one.
  case function(String)
}
