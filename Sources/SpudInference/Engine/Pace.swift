internal import SpudModels

/// When the next ids of the answers are due, and how much of a prompt may be read until then: a running estimate of
/// what both cost on this machine, with this model, now.
struct Pace {
  /// Ids of prompts that are read at once at most, where kernels tell marks apart and where they do not: enough to
  /// keep every kernel busy. What comes before the products is more work in tiles, and is done once for all ids.
  static func mostIDs(tellsMarksApart: Bool) -> Int { tellsMarksApart ? 1024 : 512 }
  /// What a test makes smaller, so that short prompts are read in pieces.
  var idLimit: Int
  /// The same of a step.
  var stepLimits = StepLimits.none
  /// Ids that are read at once at least, and queries: fewer read all weights, and what they attend to, for little.
  private static let least = 32

  /// From the end of one id of every answer to the end of the next, while prompts are read: at most so long or twice
  /// what it takes alone, whichever is longer, as far as a layer can be cut. Where no answer waits, a step takes as
  /// long, so that whoever leaves or comes is seen soon.
  var gap = Duration.milliseconds(70)

  private var lastWritten = ContinuousClock.now
  /// Whether a layer was read since: one always is, so that prompts come on too.
  private var hasRead = false
  /// What one id of every answer takes.
  private var writeTime = Duration.zero
  /// What one layer takes for one id at the beginning of a sequence, and how much more for each position before it.
  private var idTime = Cost(.microseconds(20))
  private var depthTime = Cost(.zero)
  /// The parts of `idTime`, where a layer was ever cut: what comes before attention, after it, and the experts.
  private var projectionTime = Cost(.zero)
  private var remainderTime = Cost(.zero)
  private var expertTime = Cost(.zero)
  /// Whether experts are what a layer spends its time on, so that any number of ids can be cut.
  private let cutsExperts: Bool

  /// What something takes, as seen so far.
  private struct Cost {
    private(set) var usual: Duration
    /// What it took at worst lately: whoever waits for an id waits for the slowest step.
    private(set) var most: Duration

    init(_ guess: Duration) { (usual, most) = (guess, guess) }

    mutating func note(_ seen: Duration) {
      usual = usual == .zero ? seen : (usual * 3 + seen) / 4
      most = max(seen, (most * 7 + seen) / 8)
    }
  }

  init(tellsMarksApart: Bool, cutsExperts: Bool) {
    idLimit = Self.mostIDs(tellsMarksApart: tellsMarksApart)
    self.cutsExperts = cutsExperts
  }

  /// Whether the answers' next ids should be computed now, before a step of a prompt that takes so long.
  func isDue(step: Duration) -> Bool {
    hasRead && lastWritten.duration(to: .now) + step + writeTime > max(gap, writeTime * 2)
  }

  /// What a step of a prompt may take.
  private func room(hasCompany: Bool) -> Duration { hasCompany ? max(gap - writeTime, writeTime) : gap }

  /// How many ids to read at once, so that the products with them that cannot be cut are a step.
  func idsAtOnce(hasCompany: Bool) -> Int {
    let each =
      cutsExperts
      ? max(cost(of: projectionTime, hasCompany), cost(of: remainderTime, hasCompany)) : cost(of: idTime, hasCompany)
    return min(fitting(each, in: room(hasCompany: hasCompany)), idLimit)
  }

  /// How much of a pass's next layer should be done at once: all of it where that is a step.
  func limits(ids: Int, depth: Int, hasCompany: Bool) -> StepLimits {
    let room = room(hasCompany: hasCompany)
    let each = cost(of: depthTime, hasCompany) * depth
    guard (cost(of: idTime, hasCompany) + each) * ids > room else { return stepLimits }
    return StepLimits(
      queries: min(fitting(each, in: room), stepLimits.queries),
      mixedIDs: min(fitting(cost(of: known(expertTime), hasCompany), in: room), stepLimits.mixedIDs))
  }

  /// A part of a layer takes less than the whole, as long as no one has seen how much.
  private func known(_ part: Cost) -> Cost { part.usual == .zero ? idTime : part }

  private func cost(of cost: Cost, _ hasCompany: Bool) -> Duration { hasCompany ? cost.most : cost.usual }

  private func fitting(_ each: Duration, in room: Duration) -> Int {
    max(Int(room / max(each, .nanoseconds(1))) / Self.least * Self.least, Self.least)
  }

  /// What a step of so many ids is going to take, at worst.
  func estimate(_ step: LayerStep, ids: Int, depth: Int) -> Duration {
    switch step {
    case .layer: (idTime.most + depthTime.most * depth) * ids
    case .projections: known(projectionTime).most * ids
    case .attention(let queries): depthTime.most * depth * queries
    case .remainder: known(remainderTime).most * ids
    case .experts(let ids): known(expertTime).most * ids
    }
  }

  mutating func wrote(from start: ContinuousClock.Instant, to end: ContinuousClock.Instant) {
    let time = start.duration(to: end)
    writeTime = writeTime == .zero ? time : (writeTime * 3 + time) / 4
    lastWritten = end
    hasRead = false
  }

  /// - Parameter step: Nil where what it took says nothing about others.
  mutating func read(_ step: LayerStep?, ids: Int, depth: Int, took time: Duration) {
    hasRead = true
    let each = time / ids
    switch step {
    case nil: break
    case .layer where depth < idLimit: idTime.note(each)
    case .layer: depthTime.note(max(each - idTime.usual, .zero) / depth)
    case .projections: projectionTime.note(each)
    case .attention(let queries): depthTime.note(time / queries / max(depth, 1))
    case .remainder:
      remainderTime.note(each)
      if !cutsExperts { idTime.note(projectionTime.usual + each) }
    case .experts(let ids):
      expertTime.note(time / ids)
      idTime.note(projectionTime.usual + remainderTime.usual + time / ids)
    }
  }
}
