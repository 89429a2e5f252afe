internal import Foundation
internal import SpudBrowser
internal import SpudErrors
internal import SpudGuardian
internal import SpudKernels
internal import SpudModels
internal import SpudSupport
internal import SpudTensors

/// Hands that a model of about a million parameters moves: it reads the goal, what it did last and the screen, and
/// writes the next action.
///
/// Not to be used from two threads at once.
package struct ClerkHands: Hands {
  /// The weights, read once.
  package final class Weights: Sendable {
    fileprivate let transformer: Transformer

    /// - Parameter directory: a Hugging Face directory, such as `Models/spud-clerk`.
    /// - Throws: `noInput` without its files, `badData` where its ids are not those of the clerk's stream.
    package init(directory: String, threads: Int = 1) throws {
      transformer = try Transformer.load(path: directory, compute: Compute(threads: threads))
      let count = transformer.configuration.vocabularyCount
      guard count == ClerkStream.idCount else {
        throw SpudError(
          .badData, "\(directory): the weights have \(count) ids, the clerk's stream \(ClerkStream.idCount)")
      }
    }
  }

  /// What the model has read.
  private final class Reader {
    private let transformer: Transformer
    private let cache: KeyValueCache
    private var held: [Int32] = []

    init(_ transformer: Transformer) throws {
      self.transformer = transformer
      // The longest action, and what ends it.
      let capacity = ClerkStream.longest + ClerkStream.longestAction + 3
      cache = try transformer.makeCache(sequences: 1, capacity: capacity, format: .f32)
    }

    /// The logits behind some ids, of which what was read before is not read again: [ids].
    func logits(behind ids: [Int32]) throws -> [Float] {
      let known = min(zip(held, ids).prefix { $0 == $1 }.count, cache.length(of: 0), ids.count - 1)
      cache.truncate(sequence: 0, to: known)
      held = Array(ids.prefix(known))
      let new = Array(ids[known...])
      let batch = Batch(
        tokens: new, sequences: [Int32](repeating: 0, count: new.count),
        marks: [SpudModels.Mark](repeating: .read, count: new.count))
      let logits = try transformer.forward(batch, cache: cache, logits: .last)
      held = ids
      return (0..<transformer.configuration.vocabularyCount).map { logits[0][$0] }
    }
  }

  private let reader: Reader
  private var goal: Goal = .show(.stock)
  /// What was done last for this goal.
  private var last: Proposal?
  /// How often it was asked the same.
  private var asked: [[Int32]: Int] = [:]
  /// What was written last for this goal, id by id, the newest last; two at most.
  private var trail: [[Choice]] = []
  /// Ids that are not written again where they led nowhere, by what came before them.
  private var barred: [[Int32]: Set<Int32>] = [:]
  private var random = SeededGenerator(seed: 1)

  package init(_ weights: Weights) throws { reader = try Reader(weights.transformer) }

  /// An id that was written.
  private struct Choice {
    var before: [Int32]
    var id: Int32
    /// Its logit less the next best one's.
    var lead: Float
  }

  package mutating func begin(_ goal: Goal) { (self.goal, last, trail) = (goal, nil, []) }

  /// Where the hands ended somewhere else, neither that end nor the step that led to it is written again; where a step
  /// was refused, it is not. In each the id is barred that was closest to another.
  package mutating func reconsider(_ goal: Goal) {
    let isEnd = trail.last?.first?.id == ClerkStream.done
    for choices in isEnd ? trail[...] : trail.suffix(1) {
      guard let weakest = choices.min(by: { $0.lead < $1.lead }), weakest.lead < .infinity else { continue }
      barred[weakest.before, default: []].insert(weakest.id)
    }
    begin(goal)
  }

  package mutating func next(_ sights: [Sight]) throws -> HandAction {
    guard let sight = sights.last else { return .alert("there is nothing to be seen") }
    let before = ClerkStream.before(goal, after: last, on: sight)
    guard before.count <= ClerkStream.longest else { return .alert("there is more on the screen than can be read") }
    // What it did here before may not have helped: the more often it is asked, the more it tries.
    let temperature = min(Float(asked[before] ?? 0) / 2, 1)
    asked[before, default: 0] += 1
    var written: [Int32] = []
    var choices: [Choice] = []
    while let allowed = ClerkStream.next(after: written, rows: sight.rows) {
      let logits = try reader.logits(behind: before + written)
      let left = allowed.filter { !(barred[before + written]?.contains($0) ?? false) }
      let id = choose(left.isEmpty ? allowed : left, logits, temperature)
      let next = left.lazy.filter { $0 != id }.map { logits[Int($0)] }.max()
      // Places follow from words: another place is the same thing.
      let lead = ClerkStream.isPlace(id) ? nil : next.map { logits[Int(id)] - $0 }
      choices.append(Choice(before: before + written, id: id, lead: lead ?? .infinity))
      written.append(id)
    }
    trail = trail.suffix(1) + [choices]
    let action = ClerkStream.action(written, on: sight)
    if case .gesture(let gesture) = action { last = Proposal(gesture, on: sight) }
    return action
  }

  /// One of the ids: at a temperature of 0 the likeliest.
  private mutating func choose(_ allowed: [Int32], _ logits: [Float], _ temperature: Float) -> Int32 {
    // The greatest logit with Gumbel's noise is a sample.
    var best: (id: Int32, score: Float) = (ClerkStream.end, -.infinity)
    for id in allowed {
      var score = logits[Int(id)]
      if temperature > 0 { score -= temperature * Float(log(-log(max(random.fraction(), 1e-300)))) }
      if score > best.score { best = (id, score) }
    }
    return best.id
  }
}
