/// How a router's logits become what the chosen experts count.
package enum RouterScore: Sendable, Equatable {
  /// The softmax over all experts, of which the largest are kept; `isNormalized` makes those sum to 1.
  case softmax(isNormalized: Bool)
  /// The softmax over the largest logits alone.
  case softmaxOfBest
}
