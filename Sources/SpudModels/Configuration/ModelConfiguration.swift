package import SpudKernels

/// The architectures that this runtime knows. Raw values are `model_type` in config.json.
package enum Architecture: String, CaseIterable, Sendable {
  case qwen3MoE = "qwen3_moe"
  case olmoe
  case mixtral
  case qwen3
  case llama
}

/// The non-linearity of a feed-forward block. Raw values are `hidden_act` in config.json.
package enum Activation: String, CaseIterable, Sendable {
  case silu
}

/// A decoder's shape and options: everything that its weights do not say themselves.
package struct ModelConfiguration: Sendable, Equatable {
  /// What is normalized of queries and keys before they rotate.
  package enum QueryKeyNorm: Sendable, Equatable {
    case none
    /// Each head for itself, with one weight for all heads (Qwen3).
    case perHead
    /// All heads as one vector (OLMoE).
    case fullWidth
  }

  /// The feed-forward block of one layer.
  package enum FeedForwardShape: Sendable, Equatable {
    case dense(width: Int)
    /// `normalized`: the chosen experts' probabilities are made to sum to 1.
    case sparse(expertCount: Int, expertsPerToken: Int, expertWidth: Int, normalized: Bool)
  }

  package var architecture: Architecture
  package var vocabularyCount: Int
  package var modelWidth: Int
  package var headCount: Int
  package var keyValueHeadCount: Int
  package var headWidth: Int
  /// The most positions that a sequence can have.
  package var contextLength: Int
  package var normEpsilon: Float
  package var rotaryBase: Float
  package var rotaryScaling: RotaryTable.Scaling
  package var rotaryPairing: RotaryTable.Pairing = .halves
  package var queryKeyNorm: QueryKeyNorm
  package var hasAttentionBias: Bool
  /// Queries, keys and values are limited to ± this (OLMoE).
  package var clip: Float?
  /// The output projection is the embedding.
  package var isTied: Bool
  /// One for each layer.
  package var feedForward: [FeedForwardShape]
  package var generation: GenerationConfiguration

  package var layerCount: Int { feedForward.count }
  package var queryWidth: Int { headCount * headWidth }
  package var keyValueWidth: Int { keyValueHeadCount * headWidth }

  /// Experts of the layer that has the most; 0 for a dense model.
  package var expertCount: Int {
    feedForward.reduce(0) { most, shape in
      if case .sparse(let count, _, _, _) = shape { max(most, count) } else { most }
    }
  }

  /// The most that each part may be: far above any model there is, far below what overflows.
  package enum Limits {
    package static let width = 1...131_072
    package static let layers = 1...4096
    package static let heads = 1...4096
    package static let headWidth = 2...1024
    package static let vocabulary = 1...16_777_216
    package static let context = 1...268_435_456
    package static let experts = 1...16_384
    package static let feedForwardWidth = 1...1_048_576
  }
}
