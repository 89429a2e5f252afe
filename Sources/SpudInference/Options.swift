public import SpudKernels

/// How a model is loaded.
public struct LoadOptions: Sendable {
  /// Threads that compute; nil is one a processor.
  public var threads: Int?
  /// Where the threads are pinned, counted among the processors that this process may use: two models that compute at
  /// the same time are each the faster for processors of their own.
  package var firstProcessor = 0
  /// Nil is what the environment names, or the best that the processor has.
  package var instructionSet: InstructionSet?
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
  /// The most positions that an id which is written attends to, 256 or more; nil is all. Of more it chooses: the first
  /// and the most recent ones, and of the others those pages whose keys could mean most to it. It is as exact as ever
  /// in contexts that are no longer; in longer ones it is faster, and may miss something: see `spud bench --attend`.
  /// Prompts are read with all. What is written so is never found again as what was computed from all.
  public var attend: Int?
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
  /// Whether experts that no token has met yet are packed while nobody asks for anything: whoever waits for requests
  /// answers the first ones sooner.
  public var packsAhead = false
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
