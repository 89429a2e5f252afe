internal import SpudErrors
internal import SpudKernels
internal import SpudModels
internal import Synchronization

/// The engine of one model: it owns the pages of keys and values, and is asked by many.
///
/// A step is one of two things: an id more for every answer that is being written, all in one batch; or one layer, or a
/// part of one, of a pass that reads prompts. Answers go first. Prompts get what time is left until the next id is due
/// (`Pace`), the shortest first, though none waits forever; a short one that comes passes between the layers of a long
/// one. What an answer says depends on its own ids and their marks
/// only, never on what else is going on, bit for bit.
///
/// When pages run out, first the tree gives up what nobody uses, least recently used first; then the youngest answer
/// gives up its pages and reads its ids again later. The oldest always ends.
final class Engine: SteppingWork, @unchecked Sendable {
  // `@unchecked`: everything but `submit` and `forget` runs on the compute thread.

  /// How long an answer waits for a reader that is behind, before it ends.
  static let patience = Duration.seconds(30)

  let transformer: Transformer
  let cache: KeyValueCache
  let tree: PrefixTree
  let thread: ComputeThread
  /// Where pages are kept beyond the process, if anywhere.
  var memory: MemoryLink?

  /// Answers that have no pages, in the order in which they get some.
  var waiting: [Generation] = []
  /// Answers that have pages, oldest first.
  private(set) var active: [Generation] = []
  /// Passes that read prompts: the last one goes on, the others rest meanwhile.
  var readings: [Reading] = []
  /// What reading prompts and writing answers took so far.
  var timeSpent = (reading: Duration.zero, writing: Duration.zero)
  var pace: Pace
  var speculation: Speculation
  private var submissions = 0
  /// Whether experts that were not met yet are packed while nobody asks for anything.
  var packsAhead = false
  /// The most positions that an id which is written attends to; nil is all.
  let attended: Int?

  /// What goes on, for whoever watches.
  private let watched = Mutex(EngineState())

  init(transformer: Transformer, cache: KeyValueCache, thread: ComputeThread, attended: Int? = nil) {
    self.attended = attended
    self.transformer = transformer
    self.cache = cache
    self.thread = thread
    tree = PrefixTree(cache: cache)
    pace = Pace(
      tellsMarksApart: transformer.compute.tellsMarksApart, cutsExperts: transformer.expertPlaces.all > 0)
    speculation = Speculation(costs: transformer.costs)
    thread.register(self)
  }

  /// Has an answer generated.
  ///
  /// - Parameter ended: Told on the compute thread that the generation is over, its pages free.
  /// - Throws: `SpudError` (`badData`) when it could not be held by the whole cache, alone.
  func submit(_ generation: Generation, ended: @escaping @Sendable () -> Void) throws {
    let most = generation.order.prompt.count + generation.order.limit
    guard KeyValueCache.pageCount(of: most) <= cache.pageLimit, most <= cache.capacity else {
      throw SpudError(
        .badData,
        "a prompt of \(generation.order.prompt.count) tokens with an answer of up to "
          + "\(generation.order.limit) was asked for, but the cache holds "
          + "\(min(cache.pageLimit * KeyValueCache.positionsPerPage, cache.capacity))")
    }
    thread.start { [self] in
      submissions += 1
      generation.number = submissions
      generation.submitted = .now
      generation.ended = ended
      generation.order.company?.join(generation)
      enqueue(generation)
    }
  }

  /// What goes on, as of the last step; from any thread.
  var state: EngineState { watched.withLock { $0 } }

  private func noteState() {
    watched.withLock { state in
      state.waiting = waiting.count
      state.active = active.count
      state.pageLimit = cache.pageLimit
      state.freePages = cache.freePageCount
      state.treePages = tree.count
      state.readTime = timeSpent.reading
      state.writeTime = timeSpent.writing
      state.lastStep = .now
    }
  }

  func noteSealing() {
    guard let memory else { return }
    let length = KeyValueCache.positionsPerPage
    let unsealed = memory.backlog.reduce(memory.pending) { $0 + $1.ids.count / length - $1.next }
    watched.withLock { state in
      state.sealedTokens = memory.sealed * length
      state.unsealedTokens = unsealed * length + memory.pendingAnswers
    }
  }

  // MARK: Steps

  func step() -> ComputeThread.Rest {
    concludeEnded()
    admit()
    sealDeferred()
    noteState()
    guard !active.isEmpty else { return waiting.isEmpty ? rest() : .short }
    let writing = active.filter { isWriting($0) && $0.readerIsBehind() == nil }
    if !writing.isEmpty, readings.isEmpty && !active.contains(where: isReading) || pace.isDue(step: stepEstimate) {
      write(writing)
      return .none
    }
    beginReading(hasCompany: !writing.isEmpty)
    if !readings.isEmpty {
      read(hasCompany: !writing.isEmpty)
      return .none
    }
    // Some may have given their pages up for a prompt that found too few all the same.
    let left = writing.filter { $0.sequence != nil }
    guard !left.isEmpty else { return .short }
    write(left)
    return .none
  }

  /// Whether an id more goes into the cache by itself: the last one, after which the next is chosen, or one that was
  /// written with a part of the context and is computed again as it was.
  private func isWriting(_ generation: Generation) -> Bool {
    !isInPass(generation) && (missing(generation) == 1 || held(generation) >= exactCount(of: generation))
  }

  func isReading(_ generation: Generation) -> Bool { isInPass(generation) || !isWriting(generation) }

  func held(_ generation: Generation) -> Int {
    generation.sequence.map { cache.length(of: Int($0)) } ?? 0
  }

  /// How many ids of a sequence, from the first on, are computed from all before them.
  func exactCount(of generation: Generation) -> Int {
    attended.map { max($0, generation.order.prompt.count) } ?? .max
  }

  /// Whether a pass reads for it: the cache has room for ids then that it does not hold yet.
  func isInPass(_ generation: Generation) -> Bool {
    place(of: generation) != nil
  }

  private func place(of generation: Generation) -> Int? {
    readings.firstIndex { $0.parts.contains { $0.generation === generation } }
  }

  func missing(_ generation: Generation) -> Int { generation.count - held(generation) }

  private func write(_ candidates: [Generation]) {
    let start = ContinuousClock.now
    var writing = candidates
    func sequences() -> [Int32] { writing.compactMap(\.sequence) }
    while !makeRoom(for: sequences(), youngerThan: nil) {
      // The youngest of all gives way, the oldest never does.
      guard active.count > 1, let youngest = active.last else { break }
      giveUp(youngest)
      writing.removeAll { $0 === youngest }
    }
    guard !writing.isEmpty else { return }
    let guesses = writing.count <= Self.speculatingLimit ? guesses(for: writing) : writing.map { _ in .init() }
    do {
      var batch = Batch(tokens: [], sequences: [], marks: [])
      for (generation, guess) in zip(writing, guesses) {
        guard let sequence = generation.sequence else { continue }
        let place = cache.length(of: Int(sequence))
        let next = place..<place + 1
        batch.tokens += generation.tokens(next) + guess.ids
        batch.marks? += generation.marks(next) + guess.ids.map { _ in .written }
        batch.sequences += Array(repeating: sequence, count: 1 + guess.ids.count)
      }
      batch.budgets = attended.map { Array(repeating: Int32($0), count: batch.tokens.count) }
      batch.recordsRoutes = writing.contains { $0.order.options.reportsTokens }
      let logits = try transformer.forward(batch, cache: cache, logits: .all)
      if writing.count == 1 { speculation.note(ids: batch.tokens.count, took: start.duration(to: .now)) }
      var row = 0
      for (generation, guess) in zip(writing, guesses) {
        if missing(generation) <= 0 { take(generation, guess, logits, from: row) }
        row += 1 + guess.ids.count
      }
    } catch {
      for generation in writing { generation.fail(error) }
    }
    timeSpent.writing += start.duration(to: .now)
    pace.wrote(from: start, to: .now)
  }

  func choose(_ generation: Generation, _ logits: Span<Float>, row: Int) {
    let routes = transformer.routes
    do {
      try generation.advance(logits, experts: routes.indices.contains(row) ? routes[row] : [])
      generation.noteFileBytes(transformer.expertReads.bytes)
    } catch {
      generation.fail(error)
    }
  }

  // MARK: Pages

  /// Gives pages to those that wait, in order, as long as there are enough for each one's prompt and one block more.
  private func admit() {
    // Who waits for another to read the prompt that both have lets the next one pass.
    while let index = waiting.firstIndex(where: { !$0.awaitsPrompt }) {
      let next = waiting[index]
      let ids = next.tokens(0..<next.count)
      let marks = next.marks(0..<next.count)
      // The last block is read even if it is known: the first logits come after it.
      let limit = min(ids.count - 1, exactCount(of: next))
      let found =
        next.order.scope.map { tree.pages(of: ids, marks: marks, limit: limit, scope: $0) } ?? []
      let sequence = cache.makeSequence(expecting: next.order.prompt.count + next.order.limit)
      cache.adopt(found, by: sequence)
      let needed = KeyValueCache.pageCount(of: ids.count) + 1 - found.count
      let most = KeyValueCache.pageCount(of: next.order.prompt.count + next.order.limit) - found.count
      guard free(min(needed, most)) else {
        cache.releaseSequence(sequence)
        return
      }
      waiting.remove(at: index)
      next.sequence = sequence
      next.fileBytesBefore = transformer.expertReads.bytes
      if next.ids.isEmpty { next.cachedCount = found.count * KeyValueCache.positionsPerPage }
      active.insert(next, at: active.firstIndex { $0.number > next.number } ?? active.endIndex)
    }
  }

  /// Whether so many pages are free, if need be because the tree gave some up.
  func free(_ count: Int) -> Bool {
    count <= cache.freePageCount || tree.evict(count - cache.freePageCount)
  }

  /// Makes room for one id more of each of `sequences`; younger answers than `generation` give way, but for those
  /// spared.
  func makeRoom(
    for sequences: [Int32], youngerThan generation: Generation?, sparing spared: [Generation] = []
  ) -> Bool {
    while !free(cache.pagesNeeded(for: sequences)) {
      guard let generation, let youngest = active.last(where: { one in !spared.contains { $0 === one } }),
        youngest.number > generation.number
      else { return false }
      giveUp(youngest)
    }
    return true
  }

  /// Takes an answer's pages; it will read its ids again when there are some.
  func giveUp(_ generation: Generation) {
    leaveReading(generation)
    if let sequence = generation.sequence { cache.releaseSequence(sequence) }
    generation.sequence = nil
    active.removeAll { $0 === generation }
    waiting.insert(generation, at: waiting.firstIndex { $0.number > generation.number } ?? waiting.endIndex)
  }

  /// Ends the pass that reads for a generation; others that it reads for begin it again.
  private func leaveReading(_ generation: Generation) {
    guard let place = place(of: generation) else { return }
    transformer.abandon(readings.remove(at: place).pass)
  }

  /// Leaves what the cache holds of an answer in the tree.
  func remember(_ generation: Generation) {
    guard let scope = generation.order.scope, let sequence = generation.sequence else { return }
    // What was computed from a part of the context is no one's beginning.
    let held = 0..<min(cache.length(of: Int(sequence)), exactCount(of: generation))
    tree.insert(
      generation.tokens(held), marks: generation.marks(held), pages: cache.pages(of: sequence), scope: scope)
    keep(generation)
  }

  // MARK: Ends

  private func concludeEnded() {
    for generation in waiting + active {
      if generation.interruption.isRequested { generation.interrupt() }
      if let since = generation.readerIsBehind(), since.duration(to: .now) > Self.patience {
        generation.fail(
          SpudError(.unavailable, "nobody read the answer for \(Self.patience.components.seconds) seconds, so it ended")
        )
      }
      if generation.isOver { conclude(generation) }
    }
  }

  private func conclude(_ generation: Generation) {
    leaveReading(generation)
    if let sequence = generation.sequence {
      if generation.failure == nil { remember(generation) }
      cache.releaseSequence(sequence)
      generation.sequence = nil
    }
    active.removeAll { $0 === generation }
    waiting.removeAll { $0 === generation }
    watched.withLock { state in
      state.ended += 1
      state.cachedTokens += generation.cachedCount
      state.readTokens += max(0, generation.order.prompt.count - generation.cachedCount)
      state.writtenTokens += generation.ids.count
    }
    noteState()
    generation.ended.take()?()
  }
}
