/// Guesses how a sequence goes on from where its end was met before in it.
///
/// Whoever edits, extracts or repeats writes again what is there already: the ids that followed the same few ids
/// earlier are likely to follow them now (prompt lookup; Saxena, 2023). No model is asked.
struct SuffixIndex {
  /// A place is looked at only if so many ids before it are those at the end.
  private static let gramLength = 3
  /// Places that are compared, the most recent first, and how far back.
  private static let candidateLimit = 8
  private static let matchLimit = 32

  private var ids: [Int32] = []
  /// The last place behind each few ids, by their hash, and for each place the one before it with the same hash; −1 is
  /// none.
  private var latest: [UInt64: Int32] = [:]
  private var earlier: [Int32] = []

  /// What is likely to follow, and how many ids before it are the same as before the place that says so.
  struct Guess: Equatable {
    var ids: [Int32] = []
    var matchLength = 0
  }

  /// How many ids are known.
  var count: Int { ids.count }

  /// - Complexity: O(1) for each id, on average.
  mutating func append(_ more: some Sequence<Int32>) {
    for id in more {
      ids.append(id)
      guard let key = gram(endingAt: ids.count) else {
        earlier.append(-1)
        continue
      }
      earlier.append(latest[key] ?? -1)
      latest[key] = Int32(ids.count)
    }
  }

  /// At most `limit` ids that may follow the end; none where the end was not met before.
  ///
  /// Where the place is near the end, its continuation goes on in the guess itself: so what repeats with a period is
  /// guessed for as long as is asked for.
  func guess(limit: Int) -> Guess {
    guard limit > 0, gram(endingAt: ids.count) != nil else { return Guess() }
    var best = (place: -1, length: 0)
    var place = Int(earlier[ids.count - 1])
    for _ in 0..<Self.candidateLimit where place > 0 {
      let length = matchLength(at: place)
      if length > best.length { best = (place, length) }
      if length == Self.matchLimit { break }
      place = Int(earlier[place - 1])
    }
    guard best.length >= Self.gramLength else { return Guess() }
    var guess = Guess(matchLength: best.length)
    for index in 0..<limit {
      let source = best.place + index
      guess.ids.append(source < ids.count ? ids[source] : guess.ids[source - ids.count])
    }
    return guess
  }

  /// How many ids before `place` are those at the end.
  private func matchLength(at place: Int) -> Int {
    var length = 0
    while length < Self.matchLimit, length < place, ids[place - 1 - length] == ids[ids.count - 1 - length] {
      length += 1
    }
    return length
  }

  /// A hash of the few ids before `end`.
  private func gram(endingAt end: Int) -> UInt64? {
    guard end >= Self.gramLength else { return nil }
    return ids[(end - Self.gramLength)..<end].reduce(0) {
      ($0 ^ UInt64(UInt32(bitPattern: $1))) &* 0x9E37_79B9_7F4A_7C15
    }
  }
}
