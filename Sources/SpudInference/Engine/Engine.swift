internal import SpudErrors
internal import SpudKernels
internal import SpudModels

/// The decoder and the loop around it. Belongs to the thread that computes.
struct Engine {
  /// Tokens that the model reads at once at most: enough to keep every kernel busy, few enough to stop soon.
  static let tokensAtOnce = 512

  let transformer: Transformer

  /// Generates answers together: as many at a time as the cache has sequences; when one ends, the next begins.
  ///
  /// - Parameters:
  ///   - generations: What to generate, in order.
  ///   - cache: Holds, in sequence 0, what stands before the first prompt; with more than one generation it is empty.
  ///   - finished: Is told the index of each generation that is over.
  func run(_ generations: [Generation], cache: KeyValueCache, finished: (Int) -> Void) throws {
    var waiting = generations.indices.makeIterator()
    /// The generation in each of the cache's sequences.
    var active = [Int?](repeating: nil, count: cache.sequenceCount)
    var isFirst = true
    while true {
      for slot in active.indices {
        if let index = active[slot] {
          let generation = generations[index]
          if generation.interruption.isRequested { generation.interrupt() }
          if generation.finish != nil {
            finished(index)
            active[slot] = nil
          }
        }
        while active[slot] == nil, let next = waiting.next() {
          if generations[next].interruption.isRequested {
            generations[next].interrupt()
            finished(next)
            continue
          }
          if !isFirst { cache.truncate(sequence: slot, to: 0) }
          isFirst = false
          active[slot] = next
        }
      }
      guard active.contains(where: { $0 != nil }) else { return }
      try step(active.map { $0.map { generations[$0] } }, cache: cache)
    }
  }

  /// Has the model read the next ids of every active sequence, and chooses an id wherever a prompt is at its end.
  private func step(_ active: [Generation?], cache: KeyValueCache) throws {
    var batch = Batch(tokens: [], sequences: [])
    var inBatch: [Generation] = []
    var room = Self.tokensAtOnce
    for (slot, generation) in active.enumerated() {
      guard let generation, room > 0 else { continue }
      let input = generation.takeInput(room: room)
      batch.tokens += input
      batch.sequences += Array(repeating: Int32(slot), count: input.count)
      room -= input.count
      inBatch.append(generation)
    }
    let isReading = !inBatch.contains(where: \.hasReadPrompt)
    let logits = try transformer.forward(batch, cache: cache, logits: isReading ? .none : .last)
    for (row, generation) in inBatch.enumerated() {
      generation.reportProgress()
      // One row a sequence, in the order of the batch.
      if generation.hasReadPrompt { try generation.advance(logits.row(row)) }
    }
  }
}
