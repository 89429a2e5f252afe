public import SpudKernels

/// How a model is loaded.
public struct LoadOptions: Sendable {
  /// Threads that compute; nil is one a processor.
  public var threads: Int?
  /// Where the threads are pinned, counted among the processors that this process may use: two models that compute at
  /// the same time are each the faster for processors of their own.
  package var firstProcessor = 0
  /// Whose kernels multiply.
  public var kernels: Backend
  /// Nil holds weights as the file does.
  public var weights: WeightFormat?
  /// How the key-value cache is held in memory.
  public var cache: CacheFormat
  /// Bytes for the keys and values of all conversations together; nil is half of the memory that is free after loading.
  public var cacheSize: Int?
  /// Tokens that a conversation may hold, prompt and answers together; nil is what the model was made for.
  public var contextLength: Int?
  /// Whether a text-only model continues the prompt as it is, without the chat form that it was trained on.
  public var continuesText: Bool
  /// What is loaded of a model's text: ids alone need neither a tokenizer nor codecs.
  package enum Text: Sendable {
    case required
    /// Loaded where there is one.
    case ifPresent
    case none
  }

  package var text = Text.required
  /// Told how much of the model is loaded, 0…1, from the thread that loads.
  public var onProgress: (@Sendable (Double) -> Void)?

  public init(
    threads: Int? = nil, kernels: Backend = .native, weights: WeightFormat? = nil, cache: CacheFormat = .bf16,
    contextLength: Int? = nil, continuesText: Bool = false, onProgress: (@Sendable (Double) -> Void)? = nil
  ) {
    self.threads = threads
    self.kernels = kernels
    self.weights = weights
    self.cache = cache
    self.contextLength = contextLength
    self.continuesText = continuesText
    self.onProgress = onProgress
  }
}

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

  public var sampling: Sampling
  /// Tokens after which an answer ends unfinished. It also ends where the context is full.
  public var maximumTokens: Int
  /// What the answer must consist of; nil leaves that to the model.
  public var output: Output?
  /// Tokens that the model may think before it answers: 0 forbids it; nil leaves it to the model whether to think, for
  /// at most `defaultThinking` tokens.
  public var thinking: Int?
  /// Tokens that a model may think where nothing else is said: a thought must not use up the answer's own.
  public static let defaultThinking = 256
  /// Told the logits that each id is chosen from, `[vocabulary]`, on the thread that computes.
  package var onLogits: (@Sendable (Span<Float>) -> Void)?
  /// Told how much of a prompt has been read, 0…1, from the thread that computes.
  public var onPromptProgress: (@Sendable (Double) -> Void)?

  public init(
    sampling: Sampling = .greedy, maximumTokens: Int = 1024, output: Output? = nil, thinking: Int? = nil,
    onPromptProgress: (@Sendable (Double) -> Void)? = nil
  ) {
    self.sampling = sampling
    self.maximumTokens = maximumTokens
    self.output = output
    self.thinking = thinking
    self.onPromptProgress = onPromptProgress
  }
}
