internal import Foundation
internal import SpudErrors

/// Draws tokens from logits; its state is the random generator, what was drawn, and reused lists.
package struct Sampler {
  private struct Candidate {
    /// exp((logit − greatest logit) / temperature), so the likeliest weighs 1.
    var weight: Double
    var id: Int32

    /// Whether this one precedes `other`: heavier first, of equals the lower id.
    func precedes(_ other: Candidate) -> Bool {
      weight != other.weight ? weight > other.weight : id < other.id
    }
  }

  private let sampling: Sampling
  private var generator: RandomGenerator
  private var candidates: [Candidate] = []
  /// Ids of the prompt, where a penalty is on them.
  private var read: Set<Int32> = []
  /// How often each id was drawn, where a penalty is on it.
  private var drawn: [Int32: Int] = [:]
  private var changed: [Float] = []

  /// - Parameter prompt: What the penalty on repetition counts beside the answer.
  package init(_ sampling: Sampling, prompt: [Int32] = []) {
    self.sampling = sampling
    generator = RandomGenerator(seed: sampling.seed)
    if sampling.repetitionPenalty != 1 { read = Set(prompt) }
  }

  /// Chooses the next token.
  ///
  /// A NaN among the logits counts as impossible.
  ///
  /// - Parameters:
  ///   - logits: `[vocabulary]`.
  ///   - allowed: The ids that may be chosen, in ascending ranges within the vocabulary.
  /// - Throws: `SpudError` (`badData`) when no allowed token has a finite logit.
  /// - Complexity: O(allowed), and O(kept · log(allowed)) more under top-k and top-p; O(vocabulary) with penalties or
  ///   biases. No allocation after the first.
  package mutating func next(_ logits: Span<Float>, among allowed: [Range<Int32>]) throws -> Int32 {
    guard sampling.changesLogits else { return try choose(logits, among: allowed) }
    var changed = self.changed
    self.changed = []
    change(logits, into: &changed)
    let id = try choose(changed.span, among: allowed)
    self.changed = changed
    drawn[id, default: 0] += 1
    return id
  }

  /// Logits with penalties and biases.
  private func change(_ logits: Span<Float>, into changed: inout [Float]) {
    changed.removeAll(keepingCapacity: true)
    changed.reserveCapacity(logits.count)
    for index in logits.indices { changed.append(logits[index]) }
    if sampling.repetitionPenalty != 1 {
      for id in read.union(drawn.keys) where changed.indices.contains(Int(id)) {
        let logit = changed[Int(id)]
        changed[Int(id)] = logit > 0 ? logit / sampling.repetitionPenalty : logit * sampling.repetitionPenalty
      }
    }
    for (id, count) in drawn where changed.indices.contains(Int(id)) {
      changed[Int(id)] -= sampling.presencePenalty + Float(count) * sampling.frequencyPenalty
    }
    for (id, bias) in sampling.logitBias where changed.indices.contains(Int(id)) { changed[Int(id)] += bias }
  }

  private mutating func choose(_ logits: Span<Float>, among allowed: [Range<Int32>]) throws -> Int32 {
    let likeliest = try Self.likeliest(logits, among: allowed)
    guard sampling.temperature > 0, sampling.topK != 1 else { return likeliest }
    gather(logits, among: allowed, greatest: Double(logits[Int(likeliest)]))
    if sampling.topK > 0 || sampling.topP < 1 { keepHeaviest() }
    if sampling.minP > 0 {
      let threshold = Double(sampling.minP)
      candidates.removeAll { $0.weight < threshold }
    }
    return draw()
  }

  /// The id of the greatest logit among `allowed`; of equals the lowest.
  package static func likeliest(_ logits: Span<Float>, among allowed: [Range<Int32>]) throws -> Int32 {
    var best: Int32 = -1
    var greatest = -Float.infinity
    for range in allowed {
      precondition(
        range.lowerBound >= 0 && Int(range.upperBound) <= logits.count,
        "allowed ids \(range) lie outside the vocabulary of \(logits.count)")
      for id in range where logits[Int(id)] > greatest {
        best = id
        greatest = logits[Int(id)]
      }
    }
    guard best >= 0, greatest.isFinite else {
      throw SpudError(.badData, "the model gave no finite logit for any token that may follow: its weights are damaged")
    }
    return best
  }

  private mutating func gather(_ logits: Span<Float>, among allowed: [Range<Int32>], greatest: Double) {
    candidates.removeAll(keepingCapacity: true)
    let scale = 1 / Double(sampling.temperature)
    for range in allowed {
      for id in range {
        let weight = exp((Double(logits[Int(id)]) - greatest) * scale)
        if weight > 0 { candidates.append(Candidate(weight: weight, id: id)) }
      }
    }
  }

  /// Leaves the heaviest candidates, heaviest first, as many as top-k and top-p admit.
  private mutating func keepHeaviest() {
    let limit = sampling.topK > 0 ? min(sampling.topK, candidates.count) : candidates.count
    for root in stride(from: candidates.count / 2 - 1, through: 0, by: -1) {
      siftDown(from: root, count: candidates.count)
    }
    // The heaviest of those left in the heap moves behind it, step by step, so they end in ascending order.
    var heapCount = candidates.count
    func takeHeaviest(_ sampler: inout Sampler) -> Double {
      heapCount -= 1
      sampler.candidates.swapAt(0, heapCount)
      sampler.siftDown(from: 0, count: heapCount)
      return sampler.candidates[heapCount].weight
    }
    // Top-p is a share of what top-k left over, so without top-k it is a share of everything.
    var total = 0.0
    if sampling.topK > 0 {
      for _ in 0..<limit { total += takeHeaviest(&self) }
    } else {
      for candidate in candidates { total += candidate.weight }
    }
    var kept = candidates.count - heapCount
    if sampling.topP < 1 {
      let goal = total * Double(sampling.topP)
      var reached = 0.0
      var count = 0
      while count < limit, reached < goal {
        if count == kept {
          reached += takeHeaviest(&self)
          kept += 1
        } else {
          reached += candidates[candidates.count - 1 - count].weight
        }
        count += 1
      }
      kept = max(count, 1)
    }
    candidates.removeFirst(candidates.count - kept)
    candidates.reverse()
  }

  private mutating func siftDown(from start: Int, count: Int) {
    var parent = start
    while true {
      var child = 2 * parent + 1
      guard child < count else { return }
      if child + 1 < count, candidates[child + 1].precedes(candidates[child]) { child += 1 }
      guard candidates[child].precedes(candidates[parent]) else { return }
      candidates.swapAt(parent, child)
      parent = child
    }
  }

  /// One of the candidates, each as likely as its share of the weight.
  private mutating func draw() -> Int32 {
    var total = 0.0
    for candidate in candidates { total += candidate.weight }
    var left = generator.nextFraction() * total
    for candidate in candidates {
      left -= candidate.weight
      if left < 0 { return candidate.id }
    }
    // Rounding can leave a remainder after the last; the likeliest always weighs 1, so the list is not empty.
    return candidates.last?.id ?? 0
  }
}
