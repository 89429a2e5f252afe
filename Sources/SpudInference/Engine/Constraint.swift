internal import SpudTokens

/// What decides which ids an answer may hold, and when it is over.
enum Constraint: Sendable {
  /// A unified model: the grammar of its stream.
  case grammar(StreamGrammar)
  /// A text-only model.
  case text(TextRules)

  /// The rules of a text-only model.
  struct TextRules: Sendable {
    /// Ids that the tokenizer knows; a checkpoint may have more rows, which mean nothing.
    var vocabularyCount: Int
    /// Ids that end an answer.
    var endings: Set<Int32>
    /// The marks of a thought, if the model has them.
    var thoughts: TextForm.ThoughtMarks?
    /// Ids that a thought may hold.
    var thinking: Int
    /// Whether a thought is open, and how many ids it holds.
    var isThinking = false
    var thoughtLength = 0
    /// Whether one is over.
    var hasThought = false
    /// Whether the answer itself, behind any thought, has begun.
    var hasBegun = false
  }
}
