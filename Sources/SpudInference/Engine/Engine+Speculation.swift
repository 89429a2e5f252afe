internal import SpudKernels
internal import SpudModels

/// Several ids of an answer in one step.
extension Engine {
  /// Of more answers at once, none is guessed at: their ids fill a step already.
  static let speculatingLimit = 4

  /// What to check beside each answer's next id, as far as there are pages.
  func guesses(for writing: [Generation]) -> [SuffixIndex.Guess] {
    var sequences = writing.compactMap(\.sequence)
    return writing.map { generation in
      // What is chosen for one id says nothing of the next.
      guard attended == nil, generation.order.options.speculates, let sequence = generation.sequence else {
        return .init()
      }
      let room = min(generation.order.limit - generation.ids.count - 1, cache.capacity - generation.count)
      var guess = generation.guess(limit: min(room, Speculation.limit))
      guess.ids.removeLast(guess.ids.count - speculation.count(guess))
      let more = Array(repeating: sequence, count: guess.ids.count)
      guard cache.pagesNeeded(for: sequences + more) <= cache.freePageCount else { return .init() }
      sequences += more
      return guess
    }
  }

  /// Chooses an answer's next ids, as many as were guessed right and one more.
  ///
  /// The logits behind each guessed id are those that it would have had alone, so that the answer is the same; behind
  /// the first wrong one they mean nothing, and are taken back.
  func take(_ generation: Generation, _ guess: SuffixIndex.Guess, _ logits: Activations, from row: Int) {
    var accepted = 0
    choose(generation, logits.row(row), row: row)
    while accepted < guess.ids.count, !generation.isOver, generation.ids.last == guess.ids[accepted] {
      accepted += 1
      choose(generation, logits.row(row + accepted), row: row + accepted)
    }
    guard !guess.ids.isEmpty, let sequence = generation.sequence else { return }
    speculation.note(guess, checked: guess.ids.count, accepted: accepted)
    generation.noteGuess(checked: guess.ids.count, accepted: accepted)
    let held = min(cache.length(of: Int(sequence)), generation.count - 1)
    cache.truncate(sequence: Int(sequence), to: held)
  }
}
