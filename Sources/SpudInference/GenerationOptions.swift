/// What an answer shall be, and when it stops at the latest.
public struct GenerationOptions: Sendable {
  /// What an answer consists of.
  public enum Output: String, Sendable, CaseIterable, Codable {
    /// Words alone.
    case text
    /// One picture.
    case image
    /// One sound.
    case audio
  }

  /// Whether and how the answer's text is held to a form.
  public enum Form: Sendable, Equatable {
    case free
    /// Any JSON object.
    case json
    /// What a JSON Schema describes, given as text; as much of it as OpenAI's structured outputs allow.
    case schema(String)
  }

  /// How tokens are chosen; nil is as the checkpoint advises (`Model.defaultSampling`).
  public var sampling: Sampling?
  /// Tokens after which an answer ends unfinished. It also ends where the context is full.
  public var maximumTokens: Int
  /// What the answer must consist of; nil leaves that to the model.
  public var output: Output?
  /// Tokens that the model may think before it answers: 0 forbids it; nil leaves it to the model whether to think, for
  /// at most `defaultThinking` tokens.
  public var thinking: Int?
  /// Tokens that a model may think where nothing else is said: a thought must not use up the answer's own.
  public static let defaultThinking = 256
  /// Texts at which the answer ends; they are no part of it.
  public var stops: [String] = []
  public var form = Form.free
  /// How many alternatives each id is to be told with, 0…20; nil tells no probabilities.
  public var logprobs: Int?
  /// Whether the ids themselves are told as they come, as `Piece.token`, with what chose them.
  public var reportsTokens = false
  /// Whether the answer goes on to `maximumTokens` whatever the model says: to measure.
  public var ignoresEnd = false
  /// Whether tokens may be guessed from what repeats in prompt and answer, and checked several at a time. The answer is
  /// the same either way; where it repeats much, it comes sooner.
  public var speculates = true
  /// Ids that are written whatever the logits say: to measure with an answer that is known.
  package var replayed: [Int32]?
  /// Told the logits that each id is chosen from, `[vocabulary]`, on the thread that computes.
  package var onLogits: (@Sendable (Span<Float>) -> Void)?
  /// Told how much of a prompt has been read, 0…1, from the thread that computes.
  public var onPromptProgress: (@Sendable (Double) -> Void)?

  public init(
    sampling: Sampling? = nil, maximumTokens: Int = 1024, output: Output? = nil, thinking: Int? = nil,
    onPromptProgress: (@Sendable (Double) -> Void)? = nil
  ) {
    self.sampling = sampling
    self.maximumTokens = maximumTokens
    self.output = output
    self.thinking = thinking
    self.onPromptProgress = onPromptProgress
  }
}
