/// One layer of a decoder before it has weights: what it computes, in which shapes, from which tensors.
///
///     h ← h + attention(norm(h))
///     h ← h + feedForward(norm(h))
///
/// An architecture's file makes one for each layer. Loading, workspace, cache, costs and the export to GGUF switch on
/// its enums and know no architecture. An enum has a case for what a kernel computes, and no other: latent and linear
/// attention, another norm, a shared expert or another router become cases when their kernel is there, and the compiler
/// then lists the places that have to know them.
package struct LayerPlan: Sendable, Equatable {
  package var attentionNorm: NormPlan
  package var attention: AttentionPlan
  package var feedForwardNorm: NormPlan
  package var feedForward: FeedForwardPlan

  init(
    attentionNorm: NormPlan, attention: AttentionPlan, feedForwardNorm: NormPlan, feedForward: FeedForwardPlan
  ) {
    self.attentionNorm = attentionNorm
    self.attention = attention
    self.feedForwardNorm = feedForwardNorm
    self.feedForward = feedForward
  }
}

/// How hidden states are normalized before a block.
package enum NormPlan: Sendable, Equatable {
  /// x / √(mean(x²) + epsilon) · weight; the weight is `[modelWidth]`.
  case rootMeanSquare(weight: TensorPlan, epsilon: Float)
}
