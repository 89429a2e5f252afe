/// The non-linearity of a feed-forward block. Raw values are `hidden_act` in config.json.
package enum Activation: String, CaseIterable, Sendable {
  case silu
}

/// A decoder's shape and options: everything that its weights do not say themselves.
package struct ModelConfiguration: Sendable, Equatable {
  package var architecture: Architecture
  package var vocabularyCount: Int
  package var modelWidth: Int
  /// The most positions that a sequence can have.
  package var contextLength: Int
  /// The output projection is the embedding.
  package var isTied: Bool
  package var embedding: TensorPlan  // [vocabularyCount, modelWidth]
  package var layers: [LayerPlan]
  package var finalNorm: NormPlan
  package var head: TensorPlan  // [vocabularyCount, modelWidth]
  package var generation = GenerationConfiguration()

  /// A decoder whose layers are `layers`, between embedding, final norm and head under the usual names.
  init(_ architecture: Architecture, _ decoder: DecoderPlan, layers: [LayerPlan]) {
    self.architecture = architecture
    vocabularyCount = decoder.vocabularyCount
    modelWidth = decoder.modelWidth
    contextLength = decoder.contextLength
    isTied = decoder.isTied
    let shape = [decoder.vocabularyCount, decoder.modelWidth]
    embedding = TensorPlan("model.embed_tokens.weight", gguf: "token_embd.weight", shape: shape)
    self.layers = layers
    finalNorm = decoder.norm("model.norm.weight", gguf: "output_norm.weight")
    head = TensorPlan("lm_head.weight", gguf: "output.weight", shape: shape)
  }

  package var layerCount: Int { layers.count }

  /// The shape of attention. The layers of every architecture so far are alike in it, as the cache needs them to be.
  private var attention: GroupedAttentionPlan {
    switch layers[0].attention {
    case .grouped(let plan): plan
    }
  }

  package var headCount: Int { attention.headCount }
  package var keyValueHeadCount: Int { attention.keyValueHeadCount }
  package var headWidth: Int { attention.headWidth }
  package var queryWidth: Int { attention.queryWidth }
  package var keyValueWidth: Int { attention.keyValueWidth }

  /// Experts of the layer that has the most; 0 for a dense model.
  package var expertCount: Int {
    layers.reduce(0) { most, layer in
      switch layer.feedForward {
      case .dense: most
      case .experts(let plan): max(most, plan.expertCount)
      }
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
