/// When the next ids of the answers are due, and how much of a prompt may be read until then: a running estimate of
/// what both cost on this machine, with this model, now.
struct Pace {
  /// Ids of prompts that are read at once at most, where kernels tell marks apart and where they do not: enough to
  /// keep every kernel busy. What comes before the products is more work in tiles, and is done once for all ids.
  static func mostIDs(tellsMarksApart: Bool) -> Int { tellsMarksApart ? 1024 : 512 }
  /// What a test makes smaller, so that short prompts are read in pieces.
  var idLimit: Int
  /// Ids that are read at once at least: fewer read all weights for little.
  private static let leastIDs = 32

  /// From the end of one id of every answer to the end of the next, while prompts are read: at most so long or twice
  /// what it takes alone, whichever is longer, as far as a layer can be cut.
  var gap = Duration.milliseconds(90)

  private var lastWritten = ContinuousClock.now
  /// Whether a layer was read since: one always is, so that prompts come on too.
  private var hasRead = false
  /// What one id of every answer takes.
  private var writeTime = Duration.zero
  /// What one layer takes for one id at the beginning of a sequence, and how much more for each position before it.
  private var idTime = Duration.microseconds(20)
  private var depthTime = Duration.zero

  init(tellsMarksApart: Bool) { idLimit = Self.mostIDs(tellsMarksApart: tellsMarksApart) }

  /// Whether the answers' next ids should be computed now, before another layer of a prompt that takes as long as
  /// `layers`.
  func isDue(layers: Duration) -> Bool {
    hasRead && lastWritten.duration(to: .now) + layers + writeTime > max(gap, writeTime * 2)
  }

  /// How many ids to read at once, so that a layer of them fits between two ids of the answers; where there are none,
  /// so that whoever leaves or comes is seen soon.
  func idsAtOnce(depth: Int, hasCompany: Bool) -> Int {
    let room = hasCompany ? max(gap - writeTime, writeTime) : .milliseconds(150)
    let fitting = Int(room / max(time(depth: depth), .nanoseconds(1)))
    return min(max(fitting / Self.leastIDs * Self.leastIDs, Self.leastIDs), idLimit)
  }

  /// What one layer is going to take.
  func estimate(ids: Int, depth: Int) -> Duration { time(depth: depth) * ids }

  private func time(depth: Int) -> Duration { idTime + depthTime * depth }

  mutating func wrote(from start: ContinuousClock.Instant, to end: ContinuousClock.Instant) {
    writeTime = mean(writeTime, start.duration(to: end))
    lastWritten = end
    hasRead = false
  }

  mutating func read(ids: Int, depth: Int, took time: Duration) {
    hasRead = true
    let each = time / ids
    if depth < idLimit {
      idTime = mean(idTime, each)
    } else {
      depthTime = mean(depthTime, max((each - idTime) / depth, .zero))
    }
  }

  /// Three quarters of what was known, and a quarter of what was seen.
  private func mean(_ known: Duration, _ seen: Duration) -> Duration {
    known == .zero ? seen : (known * 3 + seen) / 4
  }
}
