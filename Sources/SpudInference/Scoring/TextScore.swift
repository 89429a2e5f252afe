internal import Foundation

/// How well a model predicts one id of a text, and how nearly it predicts what another does.
package struct TextScore: Sendable, Equatable {
  /// −ln p of the id, of the model.
  package var loss: Double
  /// The same of the other model.
  package var otherLoss: Double?
  /// Σ q · ln(q / p) over the vocabulary, q being the other model's probabilities.
  package var divergence: Double?
  /// Whether both think the same id the likeliest.
  package var agrees: Bool?
}

extension TextScore {
  /// - Parameters:
  ///   - id: What came next.
  ///   - logits: The model's, `[vocabulary]`.
  ///   - other: The other model's.
  init(of id: Int32, logits: [Float], other: [Float]?) {
    let own = Distribution(logits)
    loss = own.loss(of: Int(id))
    guard let other else { return }
    let theirs = Distribution(other)
    otherLoss = theirs.loss(of: Int(id))
    var sum = 0.0
    for index in logits.indices {
      let (p, q) = (-own.loss(of: index), -theirs.loss(of: index))
      let weight = theirs.probability(of: index)
      // What has no probability adds nothing.
      if weight > 0 { sum += weight * (q - p) }
    }
    divergence = max(0, sum)
    agrees = own.best == theirs.best
  }

  /// Logits as logarithms of probabilities.
  private struct Distribution {
    private let logits: [Float]
    /// ln Σ exp(logit)
    private let total: Double
    let best: Int

    init(_ logits: [Float]) {
      var best = 0
      for index in logits.indices where logits[index] > logits[best] { best = index }
      let largest = Double(logits[best])
      self.logits = logits
      self.best = best
      total = largest + log(logits.reduce(0) { $0 + exp(Double($1) - largest) })
    }

    func loss(of index: Int) -> Double { total - Double(logits[index]) }
    func probability(of index: Int) -> Double { exp(-loss(of: index)) }
  }
}
