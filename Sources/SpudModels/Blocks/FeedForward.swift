internal import SpudKernels

/// The second half of a layer: one SwiGLU block, or a choice among many.
enum FeedForward {
  case dense(ExpertWeights)
  case biased(BiasedFeedForward)
  case sparse(MixtureOfExperts)
}

/// A SwiGLU block with biases.
///
///     h ← h + down(silu(gate(x)) · up(x)), each projection W·x + b
struct BiasedFeedForward {
  let gate: Projection  // [width, modelWidth]
  let up: Projection  // [width, modelWidth]
  let down: Projection  // [modelWidth, width]

  /// Adds the block's answer to `hidden`.
  ///
  /// - Parameters:
  ///   - x: `[tokens, modelWidth]`, normalized.
  ///   - marks: Of each token; nil is that all were read.
  ///   - gated: `[tokens, width]`, twice, overwritten.
  ///   - hidden: `[tokens, modelWidth]`.
  func transform(
    _ x: Activations, marks: RowMarks?, gated: (gate: Activations, up: Activations), compute: Compute,
    addingInto hidden: Activations
  ) {
    compute.multiply(
      x, by: [gate.weight, up.weight], biases: [gate.bias, up.bias], marks: marks, into: [gated.gate, gated.up])
    compute.swiGLU(gated.gate, by: gated.up)
    compute.multiply(gated.gate, by: down.weight, bias: down.bias, marks: marks, addingInto: hidden)
  }
}

/// A router and its experts.
///
///     p = score(router · x);  h ← h + Σ over the best k experts of p_e · down_e(activation(gate_e(x), up_e(x)))
struct MixtureOfExperts {
  let router: Projection  // [expertCount, modelWidth], always float32: a rounded router picks other experts
  let experts: ExpertWeights
  let expertsPerToken: Int
  let score: RouterScore

  /// Chooses experts.
  ///
  /// - Parameters:
  ///   - x: `[tokens, modelWidth]`, normalized.
  ///   - marks: Of each token; nil is that all were read.
  ///   - logits: `[tokens, expertCount]`, overwritten.
  ///   - routing: Gets the choice.
  func route(
    _ x: Activations, marks: RowMarks?, logits: Activations, into routing: inout RoutingTable, compute: Compute
  ) {
    compute.multiply(x, by: router.weight, bias: router.bias, marks: marks, into: logits)
    compute.route(logits, by: score, marks: marks, into: &routing)
  }
}
