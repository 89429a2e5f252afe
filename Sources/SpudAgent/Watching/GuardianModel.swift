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

  private struct State {
    /// What the cache holds, or will once the queue is empty.
    var before: [Int32] = []
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

  package func begin(_ screen: WatchedScreen, last: Proposal?) {
    let ids = GuardianStream.before(ticket, last: last, screen: screen)
    weights.queue.async { [self] in
      // What begins as the last one did has been read already.
      let known = state.withLock { state in
        defer { (state.before, state.isUnreadable) = (ids, ids.count > GuardianStream.longest) }
        return zip(state.before, ids).prefix { $0 == $1 }.count
      }
      read(ids, from: min(known, cache.length(of: 0)))
    }
  }

  /// Forgets what it has read, for measurements.
  func forget() {
    weights.queue.sync {
      cache.reset()
      state.withLock { $0 = State() }
    }
  }

  private func read(_ ids: [Int32], from known: Int) {
    guard ids.count <= GuardianStream.longest, known < ids.count else {
      return cache.truncate(sequence: 0, to: min(known, ids.count))
    }
    cache.truncate(sequence: 0, to: known)
    if (try? forward(Array(ids[known...]), logits: .none)) == nil { state.withLock { $0.isUnreadable = true } }
  }

  package func opinion(of proposal: Proposal) -> Opinion {
    let ids = GuardianStream.behind(ticket, proposal)
    return weights.queue.sync {
      guard !state.withLock(\.isUnreadable), ids.count <= GuardianStream.longest else { return .veto }
      let before = cache.length(of: 0)
      defer { cache.truncate(sequence: 0, to: before) }
      guard let logits = try? forward(ids, logits: .last) else { return .veto }
      let scores = GuardianStream.verdictIDs.map { logits[0][Int($0)] }
      return verdict(of: scores)
    }
  }

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
