package import SpudKernels

/// How tokens see the tokens before them.
package enum AttentionPlan: Sendable, Equatable {
  case grouped(GroupedAttentionPlan)
}

/// Causal attention of query heads that share keys and values in groups of equal size.
///
/// A token sees all before it, or as many as a window holds.
package struct GroupedAttentionPlan: Sendable, Equatable {
  /// What is normalized of queries and keys before they rotate.
  package enum HeadNorm: Sendable, Equatable {
    case none
    /// Each head for itself, with one weight `[headWidth]` for all heads (Qwen3).
    case perHead(query: TensorPlan, key: TensorPlan, epsilon: Float)
    /// All heads as one vector, with weights `[queryWidth]` and `[keyValueWidth]` (OLMoE).
    case fullWidth(query: TensorPlan, key: TensorPlan, epsilon: Float)
  }

  package var headCount: Int
  package var keyValueHeadCount: Int
  package var headWidth: Int
  package var rotary: RotaryPlan
  package var query: ProjectionPlan  // [queryWidth, modelWidth]
  package var key: ProjectionPlan  // [keyValueWidth, modelWidth]
  package var value: ProjectionPlan  // [keyValueWidth, modelWidth]
  package var output: ProjectionPlan  // [modelWidth, queryWidth]
  package var headNorm: HeadNorm
  /// Queries, keys and values are limited to ± this before they rotate (OLMoE).
  package var clip: Float?
  /// How many positions a token sees, its own included; nil is all.
  package var window: Int?
  /// A learned logit for each query head, `[headCount]`, that is not scaled, takes its part of the softmax and has no
  /// value (gpt-oss): out = Σ e^s_j · v_j / (Σ e^s_j + e^sink).
  package var sinks: TensorPlan?

  package var queryWidth: Int { headCount * headWidth }
  package var keyValueWidth: Int { keyValueHeadCount * headWidth }
}

/// How queries and keys turn with their positions.
package struct RotaryPlan: Sendable, Equatable {
  /// How many values of a head rotate.
  package var width: Int
  package var base: Float
  package var scaling: RotaryTable.Scaling
  package var pairing: RotaryTable.Pairing
  /// What each frequency is divided by, `[width / 2]`: how GGUF says Llama 3's scaling.
  package var divisors: TensorPlan?
}
