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
  /// Tokens that a conversation may hold, prompt and answers together; nil is what the model was made for.
  public var contextLength: Int?
  /// Whether a text-only model continues the prompt as it is, without the chat form that it was trained on.
  public var continuesText: Bool
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
  /// Tokens that the model may think before it answers: 0 forbids it, nil leaves it to the model.
  public var thinking: Int?
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
