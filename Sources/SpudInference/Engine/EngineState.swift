/// What a model's engine is doing, and has done since it was loaded.
public struct EngineState: Sendable {
  /// Requests that have no pages yet.
  public internal(set) var waiting = 0
  /// Requests that are being read or answered.
  public internal(set) var active = 0
  /// Pages of 32 positions: how many there may be, how many are free, and how many hold beginnings that may be found
  /// again.
  public internal(set) var pageLimit = 0
  public internal(set) var freePages = 0
  public internal(set) var treePages = 0
  /// When the engine last took a step: with requests active, some time ago means that it hangs.
  public internal(set) var lastStep = ContinuousClock.now
  /// Requests that are over, one way or another, and their tokens: found in the cache, read, and written.
  public internal(set) var ended = 0
  public internal(set) var cachedTokens = 0
  public internal(set) var readTokens = 0
  public internal(set) var writtenTokens = 0
  /// What the processors spent on reading prompts and on writing answers.
  public internal(set) var readTime = Duration.zero
  public internal(set) var writeTime = Duration.zero
  /// Tokens whose pages a memory on the disk was given and has safe, and those that it has still to be given; an answer
  /// that is being sealed counts as one.
  public internal(set) var sealedTokens = 0
  public internal(set) var unsealedTokens = 0

  /// Pages that a request holds now.
  public var referencedPages: Int { max(0, pageLimit - freePages - treePages) }

  /// Whether it has something to do and has done nothing for a time in which any step ends: one layer of a long prompt,
  /// or one id of each answer.
  ///
  /// - Returns: How long it has done nothing, or nil where all is well.
  public func silence(at now: ContinuousClock.Instant = .now) -> Duration? {
    let silence = lastStep.duration(to: now)
    return active > 0 && silence >= .seconds(30) ? silence : nil
  }
}
