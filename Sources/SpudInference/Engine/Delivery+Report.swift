internal import Foundation
internal import SpudTokens

extension Delivery {
  /// What there is to tell of an id, where the options ask for it.
  ///
  /// - Parameters:
  ///   - logits: What it was chosen from, `[vocabulary]`.
  ///   - experts: Where its position was sent, `[layer][choice]`.
  /// - Complexity: O(vocabulary) with probabilities, otherwise O(1).
  func report(
    of id: Int32, _ logits: Span<Float>, experts: [[UInt16]], _ options: GenerationOptions
  ) -> GeneratedToken? {
    guard options.reportsTokens || options.logprobs != nil else { return nil }
    var token = GeneratedToken(id: id, bytes: bytes(of: id), modality: modality(of: id), experts: experts)
    guard let count = options.logprobs else { return token }
    var greatest = -Float.infinity
    for index in logits.indices where logits[index] > greatest { greatest = logits[index] }
    var total = 0.0
    var best: [Int32] = []
    for index in logits.indices where !logits[index].isNaN {
      total += exp(Double(logits[index] - greatest))
      guard count > 0, best.count < count || logits[index] > logits[Int(best[best.count - 1])] else { continue }
      let place = best.firstIndex { logits[index] > logits[Int($0)] } ?? best.endIndex
      best.insert(Int32(index), at: place)
      if best.count > count { best.removeLast() }
    }
    let normalizer = Double(greatest) + log(total)
    func logprob(_ id: Int32) -> Float { Float(Double(logits[Int(id)]) - normalizer) }
    token.logprob = logprob(id)
    token.alternatives = best.map {
      GeneratedToken.Alternative(id: $0, bytes: bytes(of: $0), logprob: logprob($0))
    }
    return token
  }
}
