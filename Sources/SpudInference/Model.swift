internal import Foundation
internal import SpudErrors
package import SpudKernels
package import SpudModels
public import SpudTokens
internal import Synchronization

/// A model in memory, ready to answer.
///
///     let model = try await Model.load("Models/spud-nano")
///     for try await piece in model.respond(to: [.image(picture), .text("What colour is the star?")]) {
///       if case .text(let words) = piece { print(words, terminator: "") }
///     }
///
/// A model computes on a thread of its own, all answers that are asked for together, so waiting for it never occupies
/// Swift's cooperative threads.
public final class Model: Sendable {
  /// Where it was loaded from.
  public let path: String
  /// Tokens that a conversation may hold.
  public let contextLength: Int
  /// How long loading took.
  public let loadTime: Duration

  let thread: ComputeThread
  /// Writes prompts as ids and decodes media, beside the thread that computes.
  let preparation: ComputeThread
  let engine: Engine
  let form: PromptForm
  /// The model's own answers, found again in conversations that are sent whole.
  let answers = AnswerMemory()
  let shapes = ShapeCompiler()
  /// What it was trained on, where its directory says so.
  public let domain: Domain?
  let cacheFormat: CacheFormat
  /// Which kernels multiply.
  package let kernels: Backend

  /// The name to print: the last part of the path, or the repository that a download is of.
  public var name: String { ModelLocation.name(of: path) }

  /// Whether the model reads and writes pictures and sound too.
  public var isUnified: Bool { streamTokenizer != nil }

  /// What turns parts into ids and back; nil for a text-only model.
  public var streamTokenizer: StreamTokenizer? {
    if case .stream(let tokenizer) = form { return tokenizer }
    return nil
  }

  /// What turns text into ids and back.
  public var textTokenizer: TextTokenizer {
    switch form {
    case .stream(let tokenizer): tokenizer.text
    case .text(let form): form.tokenizer
    }
  }

  package var transformer: Transformer { engine.transformer }

  /// The decoder's shape.
  package var configuration: ModelConfiguration { transformer.configuration }

  /// How conversations are written, in a word: `stream`, `template`, or `none` for a model without a chat template.
  package var chatForm: String {
    switch form {
    case .stream: "stream"
    case .text(let form):
      switch form.template {
      case .none: "none"
      case .program: "template"
      case .unusable: "unusable template"
      }
    }
  }

  /// What the model's files hold, and how memory does.
  package var storedWeights: StoredWeights { transformer.stored }

  /// Bytes of keys and values that each position takes, all layers together, scales included.
  package let cacheBytesPerToken: Int

  /// Whether the model's tokenizer was loaded. Without one, ids have no spellings but the bytes of the first 256.
  package let hasTokenizer: Bool

  /// How the key-value cache is held.
  package var cacheFormatName: String { cacheFormat.rawValue }

  /// Loads a model.
  ///
  /// - Parameters:
  ///   - path: A directory in Hugging Face's layout, unified if it holds `vocabulary.json`; or a `.gguf` file.
  ///   - options: How its weights and its cache are held, and what computes.
  /// - Throws: `SpudError`: `noInput` when there is no such model, `badData` when a file in it is damaged or not of a
  ///   kind that is known.
  public static func load(_ path: String, options: LoadOptions = LoadOptions()) async throws -> Model {
    let thread = ComputeThread(name: "spud compute")
    return try await thread.run { try Model(path, options: options, thread: thread, compute: nil) }
  }

  /// Loads a model that computes with the threads of `other`, whose number `options` does not change: one of the two
  /// computes at a time. Threads of their own would wait for work on the same processors, and in each other's way,
  /// whenever one model takes over from another.
  package static func load(_ path: String, options: LoadOptions, sharing other: Model) async throws -> Model {
    let thread = other.thread
    return try await thread.run {
      try Model(path, options: options, thread: thread, compute: other.transformer.compute)
    }
  }

  private init(_ path: String, options: LoadOptions, thread: ComputeThread, compute shared: Compute?) throws {
    let start = ContinuousClock.now
    let files = try ModelFiles(path)
    switch options.text {
    case .required: hasTokenizer = true
    case .ifPresent: hasTokenizer = files.hasTokenizer
    case .none: hasTokenizer = false
    }
    var form =
      hasTokenizer
      ? try files.loadForm(continuesText: options.continuesText) : .text(try ModelFiles.bytesForm(name: path))
    let compute =
      try shared
      ?? Compute(
        threads: options.threads, firstProcessor: options.firstProcessor,
        instructionSet: options.instructionSet ?? InstructionSet.selected(), backend: options.kernels)
    let checkpoint = try files.openCheckpoint()
    if let asked = options.contextLength { checkpoint.freeze(forContext: asked) }
    let transformer = try Transformer.load(
      checkpoint, compute: compute,
      weightFormat: options.weights ?? (options.kernels == .blas ? .f32 : nil),
      experts: ExpertPolicy(limit: options.weightsCache, available: SystemMemory.available),
      progress: options.onProgress)
    if hasTokenizer { try form.check(rows: transformer.configuration.vocabularyCount, path: path) }
    if case .text(var text) = form {
      text.endings.formUnion(transformer.configuration.generation.endTokens)
      form = .text(text)
    }
    let made = transformer.configuration.contextLength
    if let asked = options.contextLength, !(1...made).contains(asked) {
      throw SpudError(.usage, "\(path): a context of \(asked) tokens was asked for, but the model has 1 to \(made)")
    }
    contextLength = options.contextLength ?? made
    cacheFormat = options.cache
    kernels = options.kernels
    if let attend = options.attend, attend < 256 {
      throw SpudError(.usage, "\(attend) positions to attend to were asked for, but 256 are the least")
    }
    let shape = transformer.cacheShape(options.cache)
    // What the cache itself says of 32 positions, which is how many it lays out together.
    cacheBytesPerToken = shape.pageBytes / KeyValueCache.positionsPerPage
    let cache = KeyValueCache(
      shape: shape, capacity: contextLength,
      pageLimit: try Self.pageLimit(shape, cacheSize: options.cacheSize, besides: transformer.bytesToCome, path: path))
    preparation = ComputeThread(name: "spud media")
    engine = Engine(transformer: transformer, cache: cache, thread: thread, attended: options.attend)
    engine.packsAhead = options.packsAhead
    domain = try Domain.load(directory: path)
    self.form = form
    self.path = path
    self.thread = thread
    loadTime = start.duration(to: .now)
  }

  /// Begins to answer one turn, with nothing said before.
  ///
  /// - Parameters:
  ///   - parts: The user's turn, in the order in which the model shall read it.
  ///   - options: What the answer shall be.
  /// - Returns: The answer's pieces as they come; see `Session.respond(to:options:)` for what iterating throws.
  public func respond(to parts: [StreamPart], options: GenerationOptions = GenerationOptions()) -> Response {
    makeSession().respond(to: parts, options: options)
  }

  /// A new conversation.
  ///
  /// It finds again what other conversations with this model began alike.
  public func makeSession() -> Session {
    makeSession(scope: .shared)
  }

  package func makeSession(scope: CacheScope) -> Session {
    Session(model: self, scope: scope)
  }

  /// A new conversation that finds nothing but its own beginning again, and leaves nothing to others.
  package func makeIsolatedSession() -> Session {
    makeSession(scope: Self.isolatedScope())
  }

  static func isolatedScope() -> CacheScope { .only(isolated.add(1, ordering: .relaxed).newValue) }

  private static let isolated = Atomic<UInt64>(0)

  /// How many pages a cache of so many bytes has; of half of the memory that is free now, where nothing is said.
  private static func pageLimit(_ shape: CacheShape, cacheSize: Int?, besides: Int, path: String) throws -> Int {
    // Experts that are not in memory yet will be. A few conversations have to fit whatever is said to be free.
    let bytes = cacheSize ?? max((SystemMemory.available - besides) / 2, 64 * shape.pageBytes)
    guard bytes >= shape.pageBytes else {
      throw SpudError(
        .usage, "\(path): a cache of \(bytes) bytes was asked for, but one page of 32 tokens takes \(shape.pageBytes)")
    }
    return min(bytes / shape.pageBytes, Int(Int32.max))
  }

  /// - Throws: `SpudError` (`unavailable`) when there is no memory for it.
  func makeCache(sequences: Int, capacity: Int) throws -> KeyValueCache {
    try transformer.makeCache(sequences: sequences, capacity: capacity, format: cacheFormat)
  }
}
