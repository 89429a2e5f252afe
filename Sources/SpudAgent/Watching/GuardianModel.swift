internal import Dispatch
internal import Foundation
internal import SpudErrors
package import SpudGuardian
internal import SpudKernels
internal import SpudModels
internal import SpudTensors
internal import Synchronization

/// The Guardian's model: about a million parameters that read ticket, screen and action, and answer allow, ask or veto.
///
/// It reads on a thread of its own, so that whoever writes the action need not wait. What it cannot read, it vetoes.
package final class GuardianModel: Overseer {
  /// The weights, read once.
  package final class Weights: Sendable {
    fileprivate let transformer: Transformer
    /// The least probability of `allow` that allows: what the policies permit is stopped only where the model is sure.
    fileprivate let leastAllow: Float
    /// One thing is read at a time.
    fileprivate let queue = DispatchQueue(label: "guardian", qos: .userInteractive)

    /// - Parameter directory: a Hugging Face directory, such as `Models/spud-guardian`.
    /// - Throws: `noInput` without its files, `badData` where its ids are not those of the Guardian's stream.
    package init(directory: String, threads: Int = 1) throws {
      transformer = try Transformer.load(path: directory, compute: Compute(threads: threads))
      let count = transformer.configuration.vocabularyCount
      guard count == GuardianVocabulary.count else {
        throw SpudError(
          .badData, "\(directory): the weights have \(count) ids, the Guardian's stream \(GuardianVocabulary.count)")
      }
      let file = directory + "/training.json"
      guard let bytes = try? Data(contentsOf: URL(filePath: file)) else {
        throw SpudError(.noInput, "\(file): cannot be read")
      }
      guard let least = try JSONValue(parsing: Array(bytes), name: file)["least_allow"]?.double, (0...1).contains(least)
      else { throw SpudError(.badData, "\(file): 'least_allow' is missing, or no probability") }
      leastAllow = Float(least)
    }

  }

  /// What the cache holds, or will once the queue is empty.
  private struct State {
    var before: [Int32] = []
    /// The action that is expected, behind it.
    var expected: [Int32] = []
    /// Logits of the verdicts on that action.
    var scores: [Float]?
    var isUnreadable = false
  }

  private let weights: Weights
  private let ticket: TicketText
  private let cache: KeyValueCache
  private let state = Mutex(State())

  /// - Parameter ticket: that the agent works on.
  package init(_ weights: Weights, ticket: TicketText) throws {
    self.weights = weights
    self.ticket = ticket
    cache = try weights.transformer.makeCache(
      sequences: 1, capacity: min(2 * GuardianStream.longest, weights.transformer.configuration.contextLength),
      format: .f32)
  }

  package func dispatched(_ last: Proposal) {
    weights.queue.async { [self] in read(GuardianStream.before(ticket, last: last), expected: []) }
  }

  package func begin(_ screen: WatchedScreen, last: Proposal?) {
    weights.queue.async { [self] in
      read(
        GuardianStream.before(ticket, last: last, screen: screen),
        expected: GuardianStream.expected(ticket, screen))
    }
  }

  /// Forgets what it has read, for measurements.
  func forget() {
    weights.queue.sync {
      cache.reset()
      state.withLock { $0 = State() }
    }
  }

  /// Waits until it has read all that it was given.
  func settle() { weights.queue.sync {} }

  /// Reads what was not read before.
  private func read(_ before: [Int32], expected: [Int32]) {
    let all = before + expected
    let held = state.withLock { $0.before + $0.expected }
    let known = min(Self.common(held, all), cache.length(of: 0))
    cache.truncate(sequence: 0, to: known)
    var next = State(before: before, expected: expected)
    if max(before.count, expected.count) > GuardianStream.longest {
      next = State(before: before, isUnreadable: before.count > GuardianStream.longest)
    } else if known < all.count {
      do {
        let logits = try forward(Array(all[known...]), logits: expected.isEmpty ? .none : .last)
        if !expected.isEmpty { next.scores = Self.scores(logits) }
      } catch {
        next.isUnreadable = true
      }
    }
    state.withLock { $0 = next }
  }

  package func opinion(of proposal: Proposal) -> Opinion { scores(of: proposal).map(verdict(of:)) ?? .veto }

  /// The logits of the verdicts; nil where the action, or what comes before it, cannot be read.
  func scores(of proposal: Proposal) -> [Float]? {
    let ids = GuardianStream.behind(ticket, proposal)
    return weights.queue.sync {
      let known = state.withLock { $0 }
      guard !known.isUnreadable, ids.count <= GuardianStream.longest else { return nil }
      if ids == known.expected, let scores = known.scores { return scores }
      // Where all of it is known, its last id is read again for its logits.
      let count = min(Self.common(known.expected, ids), ids.count - 1)
      let place = known.before.count + count
      guard place <= cache.length(of: 0) else { return nil }
      cache.truncate(sequence: 0, to: place)
      state.withLock { ($0.expected, $0.scores) = (Array(ids.prefix(count)), nil) }
      defer { cache.truncate(sequence: 0, to: place) }
      return (try? forward(Array(ids[count...]), logits: .last)).map(Self.scores)
    }
  }

  private static func common(_ a: [Int32], _ b: [Int32]) -> Int { zip(a, b).prefix { $0 == $1 }.count }

  /// The logits of allow, ask and veto.
  private static func scores(_ logits: Activations) -> [Float] { GuardianStream.verdictIDs.map { logits[0][Int($0)] } }

  /// - Parameter scores: logits of allow, ask and veto.
  private func verdict(of scores: [Float]) -> Opinion {
    guard scores.allSatisfy(\.isFinite), let highest = scores.max() else { return .veto }
    let powers = scores.map { exp($0 - highest) }
    if powers[0] >= weights.leastAllow * powers.reduce(0, +) { return .allow }
    return powers[1] > powers[2] ? .ask : .veto
  }

  private func forward(_ ids: [Int32], logits: OutputTokens) throws -> Activations {
    let batch = Batch(
      tokens: ids, sequences: [Int32](repeating: 0, count: ids.count),
      marks: [SpudModels.Mark](repeating: .read, count: ids.count))
    return try weights.transformer.forward(batch, cache: cache, logits: logits)
  }
}
