internal import SpudErrors
package import SpudModels
package import SpudTensors

/// What a model costs by its configuration alone: nothing here is timed.
package struct ModelShape: Sendable, Equatable {
  package var vocabulary: Int
  package var modelWidth: Int
  package var layers: Int
  package var heads: Int
  package var keyValueHeads: Int
  package var headWidth: Int
  /// Width of the feed-forward of a dense layer, or of one expert.
  package var feedForwardWidth: Int
  /// 0 in a dense model.
  package var experts: Int
  package var expertsPerToken: Int
  package var sharesEmbedding: Bool
  /// Bytes that one weight takes as it is read.
  package var bytesPerWeight: Double

  package init(
    vocabulary: Int, modelWidth: Int, layers: Int, heads: Int, keyValueHeads: Int, headWidth: Int,
    feedForwardWidth: Int, experts: Int, expertsPerToken: Int, sharesEmbedding: Bool, bytesPerWeight: Double = 2
  ) {
    self.vocabulary = vocabulary
    self.modelWidth = modelWidth
    self.layers = layers
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headWidth = headWidth
    self.feedForwardWidth = feedForwardWidth
    self.experts = experts
    self.expertsPerToken = expertsPerToken
    self.sharesEmbedding = sharesEmbedding
    self.bytesPerWeight = bytesPerWeight
  }

  /// Reads a Hugging Face `config.json`.
  ///
  /// - Throws: `badData` naming the key that is missing or is not a positive number.
  package init(configuration: JSONValue, name: String) throws {
    func number(_ keys: String..., otherwise: Int? = nil) throws -> Int {
      for key in keys {
        guard let value = configuration[key], !value.isNull else { continue }
        // The bound keeps every product below from overflowing.
        guard let number = value.int, (0...16_777_216).contains(number) else {
          throw SpudError(.badData, "\(name): '\(key)' should be a number of at most 16,777,216")
        }
        return number
      }
      guard let otherwise else { throw SpudError(.badData, "\(name): '\(keys[0])' is missing") }
      return otherwise
    }
    let heads = try number("num_attention_heads")
    let width = try number("hidden_size")
    let experts = try number("num_experts", "num_local_experts", otherwise: 0)
    let dense = try number("intermediate_size", otherwise: 0)
    self.init(
      vocabulary: try number("vocab_size"), modelWidth: width, layers: try number("num_hidden_layers"), heads: heads,
      keyValueHeads: try number("num_key_value_heads", otherwise: heads),
      headWidth: try number("head_dim", otherwise: heads > 0 ? width / heads : 0),
      feedForwardWidth: experts > 0 ? try number("moe_intermediate_size", otherwise: dense) : dense,
      experts: experts, expertsPerToken: experts > 0 ? try number("num_experts_per_tok", otherwise: 1) : 0,
      sharesEmbedding: configuration["tie_word_embeddings"]?.bool ?? false)
  }

  private var attentionWeights: Int { modelWidth * headWidth * (2 * heads + 2 * keyValueHeads) }
  private var oneFeedForward: Int { 3 * modelWidth * feedForwardWidth }
  private var routerWeights: Int { modelWidth * experts }
  private var embedding: Int { vocabulary * modelWidth }

  /// Every weight but the few of the norms.
  package var parameters: Int {
    layers * (attentionWeights + routerWeights + oneFeedForward * max(1, experts))
      + embedding * (sharesEmbedding ? 1 : 2)
  }

  /// The weights that one token is multiplied by; of the embedding the output's half, which every token meets.
  package var activeParameters: Int {
    layers * (attentionWeights + routerWeights + oneFeedForward * max(1, expertsPerToken)) + embedding
  }

  /// Two operations a weight: a multiplication and an addition. Attention to the context comes on top.
  package var flopsPerToken: Int { 2 * activeParameters }

  /// Read from memory for one token that is written alone.
  package var bytesPerToken: Int { Int(Double(activeParameters) * bytesPerWeight) }
}

extension ModelShape {
  /// The shape of a loaded model; its layers are taken to be alike.
  package init(_ configuration: ModelConfiguration, bytesPerWeight: Double = 2) {
    var width = 0
    var experts = 0
    var perToken = 0
    switch configuration.layers.first?.feedForward {
    case .dense(let plan): width = plan.width
    case .experts(let plan): (experts, perToken, width) = (plan.expertCount, plan.expertsPerToken, plan.width)
    case nil: break
    }
    self.init(
      vocabulary: configuration.vocabularyCount, modelWidth: configuration.modelWidth,
      layers: configuration.layerCount, heads: configuration.headCount,
      keyValueHeads: configuration.keyValueHeadCount, headWidth: configuration.headWidth, feedForwardWidth: width,
      experts: experts, expertsPerToken: perToken, sharesEmbedding: configuration.isTied,
      bytesPerWeight: bytesPerWeight)
  }
}
