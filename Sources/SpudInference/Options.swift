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
  /// Bytes for the experts of a mixture that are in memory together; the others stay in their files until they are met.
  /// Nil is all of them, or as many as there is memory for.
  public var weightsCache: Int?
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
