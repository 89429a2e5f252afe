internal import SpudKernels

/// One layer of a decoder, its weights loaded: what a `LayerPlan` says.
///
///     h ← h + attention(norm(h))
///     h ← h + feedForward(norm(h))
///
/// A class, since copying all that it holds takes a small model longer than an addition does.
final class DecoderLayer {
  let attentionNorm: Norm
  let attention: Attention
  let feedForwardNorm: Norm
  let feedForward: FeedForward

  init(attentionNorm: Norm, attention: Attention, feedForwardNorm: Norm, feedForward: FeedForward) {
    self.attentionNorm = attentionNorm
    self.attention = attention
    self.feedForwardNorm = feedForwardNorm
    self.feedForward = feedForward
  }
}

/// A root-mean-square norm; see `NormPlan`.
struct Norm {
  let weight: [Float]
  let epsilon: Float

  /// Normalizes each row of `x`, or each group of `groupWidth` values in it; `output` may be `x`.
  func normalize(_ x: Activations, groupWidth: Int? = nil, into output: Activations, compute: Compute) {
    compute.normalize(x, weight: weight, epsilon: epsilon, groupWidth: groupWidth, into: output)
  }
}

/// A matrix, and the bias that is added to its product.
struct Projection {
  let weight: WeightMatrix  // [outputs, inputs]
  let bias: [Float]?  // [outputs]
}
