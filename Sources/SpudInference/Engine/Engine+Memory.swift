internal import SpudErrors
internal import SpudKernels
internal import SpudModels

/// Pages that are kept beyond the process: before an answer waits for pages of its own, those of its prompt that are
/// stored are put into the tree, where it then finds them as any other; what it leaves in the tree is sealed.
extension Engine {
  /// Nobody asks for anything: what would have to be packed when it is met is packed now, a little at a time.
  func rest() -> ComputeThread.Rest {
    packsAhead = packsAhead && transformer.packSomeAhead()
    return packsAhead ? .none : .untilJob
  }

  /// Gives up all that a scope has left in the tree.
  func forget(_ scope: CacheScope) {
    thread.start { [self] in tree.forget(scope) }
  }

  /// Puts an answer among those that wait, as soon as what is stored of its prompt has been restored.
  func enqueue(_ generation: Generation) {
    guard let memory, let scope = generation.order.scope, let tenant = scope.tenant else { return wait(generation) }
    let (ids, marks) = (generation.order.prompt, generation.order.marks)
    if let failure = memory.takeFailure() { generation.memory.remarks.append(.memory(failure.message)) }
    // The last block is read even if it is known: the first logits come after it.
    let limit = (ids.count - 1) / KeyValueCache.positionsPerPage
    memory.find(ids, marks: marks, limit: limit, tenant: tenant) { [self] parts in
      thread.start { [self] in restore(parts, for: generation, scope: scope) }
    }
  }

  private func wait(_ generation: Generation) {
    waiting.insert(generation, at: waiting.firstIndex { $0.number > generation.number } ?? waiting.endIndex)
  }

  private func restore(_ parts: [StoredPages], for generation: Generation, scope: CacheScope) {
    let blocks = parts.last?.blocks.upperBound ?? 0
    generation.memory.kept = blocks
    let (ids, marks) = (generation.order.prompt, generation.order.marks)
    let known = tree.pages(of: ids, marks: marks, limit: ids.count - 1, scope: scope)
    guard let memory, blocks > known.count else { return wait(generation) }
    let sequence = cache.makeSequence(expecting: blocks * KeyValueCache.positionsPerPage)
    cache.adopt(known, by: sequence)
    // A cache that is busy reads the prompt again instead.
    guard free(blocks - known.count), (try? cache.extend(sequence, pages: blocks - known.count)) != nil else {
      cache.releaseSequence(sequence)
      return wait(generation)
    }
    let pages = cache.pages(of: sequence)
    let wanted = parts.filter { $0.blocks.upperBound > known.count }
    let work = wanted.map { part in
      (part: part, pages: part.blocks.map { $0 < known.count ? nil : cache.view(of: pages[$0]) })
    }
    memory.restore(work, isWanted: { !generation.interruption.isRequested }) { [self] whole, error in
      thread.start { [self] in
        let good = whole < wanted.count ? max(wanted[whole].blocks.lowerBound, known.count) : blocks
        let length = good * KeyValueCache.positionsPerPage
        cache.truncate(sequence: Int(sequence), to: length)
        tree.insert(
          Array(ids[..<length]), marks: Array(marks[..<length]), pages: cache.pages(of: sequence), scope: scope)
        cache.releaseSequence(sequence)
        generation.memory.restored = length - known.count * KeyValueCache.positionsPerPage
        if let error {
          let lost = (blocks - good) * KeyValueCache.positionsPerPage
          generation.memory.remarks.append(
            .memory("\(lost) tokens that were remembered are read again: \(error.message)"))
        }
        wait(generation)
      }
    }
  }

  // MARK: Sealing

  /// Has what the tree holds of an answer sealed.
  func keep(_ generation: Generation) {
    guard let memory, let scope = generation.order.scope, scope.tenant != nil, let sequence = generation.sequence
    else { return }
    let blocks = min(cache.length(of: Int(sequence)), exactCount(of: generation)) / KeyValueCache.positionsPerPage
    guard blocks > generation.memory.kept else { return }
    let held = 0..<blocks * KeyValueCache.positionsPerPage
    memory.backlog.append(
      MemoryLink.Backlog(
        ids: generation.tokens(held), marks: generation.marks(held), scope: scope, next: generation.memory.kept))
    generation.memory.kept = blocks
    if memory.backlog.count > MemoryLink.backlogLimit { memory.backlog.removeFirst() }
    memory.deferred = memory.deferred ?? .now
    noteSealing()
  }

  /// Has what has been read of a long prompt sealed now and then, before its answer begins.
  func keepSome(of generation: Generation) {
    guard let memory else { return }
    let last = generation.memory.handedOver ?? .now
    let isDue = last.duration(to: .now) >= memory.interval
    generation.memory.handedOver = isDue ? .now : last
    if isDue { remember(generation) }
  }

  /// Begins to seal what has been put off, when it is due.
  func sealDeferred() {
    guard let memory, let since = memory.deferred else { return }
    let isIdle = active.isEmpty && waiting.isEmpty
    guard MemoryLink.isDue(after: .now - since, isIdle: isIdle, backlog: memory.backlog.count) else { return }
    memory.deferred = nil
    sealNext()
  }

  /// Hands pages over to be sealed, as many as may wait for it.
  private func sealNext() {
    guard let memory else { return }
    let quota = MemoryLink.quota(cache)
    while memory.pending < quota, var entry = memory.backlog.first, let tenant = entry.scope.tenant {
      let pages = tree.pages(of: entry.ids, marks: entry.marks, limit: entry.ids.count, scope: entry.scope)
      let blocks = entry.next..<max(entry.next, min(pages.count, entry.next + quota - memory.pending))
      // What the tree has given up meanwhile is sealed when it is next of use.
      guard !blocks.isEmpty else {
        memory.backlog.removeFirst()
        continue
      }
      let held = Array(pages[blocks])
      for page in held { cache.retain(page) }
      memory.pending += held.count
      memory.save(entry, blocks: blocks, pages: held.map(cache.view), tenant: tenant) { [self] in
        thread.start { [self] in
          for page in held { cache.release(page) }
          memory.pending -= held.count
          memory.sealed += held.count
          sealNext()
        }
      }
      entry.next = blocks.upperBound
      if entry.next < min(pages.count, entry.ids.count / KeyValueCache.positionsPerPage) {
        memory.backlog[0] = entry
      } else {
        memory.backlog.removeFirst()
      }
    }
    noteSealing()
    guard memory.pending == 0, memory.pendingAnswers == 0, memory.backlog.isEmpty else { return }
    for idler in memory.idlers { idler() }
    memory.idlers = []
  }

  /// Has what finds an answer again by its words sealed.
  func keep(_ answer: AnswerShelf.Kept, marks: [Mark], scope: CacheScope) {
    guard let memory, let tenant = scope.tenant else { return }
    sealDeferred()
    memory.pendingAnswers += 1
    memory.keep(answer, marks: marks, tenant: tenant) { [self] in
      thread.start { [self] in
        memory.pendingAnswers -= 1
        sealNext()
      }
    }
    noteSealing()
  }

  /// Tells `done` when all that is to be sealed has been.
  func whenSealed(_ done: @escaping @Sendable () -> Void) {
    guard let memory else { return done() }
    memory.idlers.append(done)
    sealNext()
  }
}
