internal import SpudKernels

/// What a model's weights weigh, and what one token costs to read or write.
package struct ModelCosts: Sendable, Equatable {
  /// All weights, in bytes as they stand in memory; of those that are only looked up, perhaps in the file.
  package var bytes = 0
  package var parameters = 0
  /// Parameters that one token meets: all but the experts that it is not sent to.
  package var activeParameters = 0
  /// The format of the feed-forward weights, which are most.
  package var weightFormat = ""
  /// Bytes that every step reads once, however many tokens it has: attention, norms, routers, dense layers.
  package var sharedBytes = 0
  /// Bytes of the matrix that makes logits.
  package var headBytes = 0
  package var headParameters = 0
  /// Parameters that are looked up and not multiplied: the embedding of a model whose head is a matrix of its own.
  package var lookedUpParameters = 0
  /// Of the last layer, what only tokens with logits meet: all but its keys and values. Bytes are those of a dense
  /// layer's, experts not included.
  package var lastParameters = 0
  package var lastBytes = 0
  package var isLastSparse = false
  /// Layers that have experts.
  package var sparseLayers: [SparseLayer] = []
  package var layerCount = 0
  /// Query heads times their width.
  package var attentionWidth = 0

  /// The experts of one layer.
  package struct SparseLayer: Sendable, Equatable {
    package var expertCount: Int
    package var expertsPerToken: Int
    /// Bytes of one expert.
    package var expertBytes: Int
  }

  /// Bytes of weights that one token reads, when `together` tokens share each step.
  ///
  /// Tokens of one step share what every token meets, and those experts that several of them are sent to. How many
  /// experts n tokens meet is their expectation under even routing, E·(1 − (1 − k/E)ⁿ).
  ///
  /// - Parameters:
  ///   - together: How many tokens share a step.
  ///   - writes: Whether each token needs logits; when a prompt is read, only its last one does, and the others leave
  ///     most of the last layer out.
  package func weightBytesPerToken(together: Int, writes: Bool) -> Double {
    precondition(together >= 1, "a step has at least one token")
    var bytes = Double(sharedBytes) + (writes ? Double(headBytes) : -Double(lastBytes))
    for layer in !writes && isLastSparse ? sparseLayers.dropLast() : sparseLayers[...] {
      let missed = 1 - Double(layer.expertsPerToken) / Double(layer.expertCount)
      var allMissed = 1.0
      for _ in 0..<together { allMissed *= missed }
      bytes += Double(layer.expertBytes) * Double(layer.expertCount) * (1 - allMissed)
    }
    return bytes / Double(together)
  }

  /// Arithmetic operations of one token: two for every weight that it is multiplied by, and two each for the scores
  /// and the sums of attention.
  package func operationsPerToken(depth: Int, writes: Bool) -> Double {
    let weights = activeParameters - lookedUpParameters - (writes ? 0 : headParameters + lastParameters)
    let layers = writes ? layerCount : layerCount - 1
    return 2 * Double(weights) + 4 * Double(depth) * Double(attentionWidth) * Double(layers)
  }
}

extension Transformer {
  /// What this model's weights weigh, as they stand in memory.
  package var costs: ModelCosts {
    var costs = ModelCosts()
    costs.layerCount = configuration.layerCount
    costs.attentionWidth = configuration.queryWidth
    costs.headBytes = head.byteCount
    costs.headParameters = head.rows * head.columns
    costs.bytes = head.byteCount
    // A tied model multiplies by its embedding, which then is its head.
    if !configuration.isTied {
      costs.lookedUpParameters = embedding.rows * embedding.columns
      costs.bytes += embedding.byteCount
    }
    costs.activeParameters = costs.headParameters + costs.lookedUpParameters
    costs.countShared(vectors: [finalNorm.weight])
    for layer in layers { costs.count(layer) }
    if let last = layers.last { costs.countLast(last) }
    costs.parameters += costs.headParameters + costs.lookedUpParameters
    return costs
  }
}

extension ModelCosts {
  fileprivate mutating func countShared(vectors: [[Float]] = [], matrices: [WeightMatrix] = []) {
    let parameters =
      vectors.reduce(0) { $0 + $1.count } + matrices.reduce(0) { $0 + $1.rows * $1.columns }
    let bytes = vectors.reduce(0) { $0 + 4 * $1.count } + matrices.reduce(0) { $0 + $1.byteCount }
    self.parameters += parameters
    activeParameters += parameters
    self.bytes += bytes
    sharedBytes += bytes
  }

  private mutating func countShared(_ projections: [Projection]) {
    countShared(vectors: projections.compactMap(\.bias), matrices: projections.map(\.weight))
  }

  fileprivate mutating func countLast(_ layer: DecoderLayer) {
    let matrices = [layer.attention.query.weight, layer.attention.output.weight]
    lastParameters = matrices.reduce(0) { $0 + $1.rows * $1.columns }
    lastBytes = matrices.reduce(0) { $0 + $1.byteCount }
    switch layer.feedForward {
    case .dense(let weights):
      lastParameters += 3 * weights.width * weights.expertWidth
      lastBytes += weights.byteCount
    case .biased(let block):
      for matrix in [block.gate.weight, block.up.weight, block.down.weight] {
        lastParameters += matrix.rows * matrix.columns
        lastBytes += matrix.byteCount
      }
    case .sparse(let mixture):
      isLastSparse = true
      lastParameters += mixture.router.weight.rows * mixture.router.weight.columns
      lastParameters += mixture.expertsPerToken * mixture.experts.parametersPerExpert
      lastBytes += mixture.router.weight.byteCount
    }
  }

  fileprivate mutating func count(_ layer: DecoderLayer) {
    let attention = layer.attention
    countShared(vectors: [layer.attentionNorm.weight, layer.feedForwardNorm.weight])
    countShared([attention.query, attention.key, attention.value, attention.output])
    countShared(vectors: [attention.sinks ?? []])
    switch attention.norm {
    case .none: break
    case .perHead(let query, let key), .fullWidth(let query, let key):
      countShared(vectors: [query.weight, key.weight])
    }
    switch layer.feedForward {
    case .dense(let weights):
      weightFormat = weights.format.rawValue
      let parameters = 3 * weights.width * weights.expertWidth
      self.parameters += parameters
      activeParameters += parameters
      bytes += weights.byteCount
      sharedBytes += weights.byteCount
    case .biased(let block):
      weightFormat = block.gate.weight.format.rawValue
      countShared([block.gate, block.up, block.down])
    case .sparse(let mixture):
      countShared([mixture.router])
      let experts = mixture.experts
      weightFormat = experts.format.rawValue
      let parameters = experts.parametersPerExpert
      self.parameters += experts.expertCount * parameters
      activeParameters += mixture.expertsPerToken * parameters
      bytes += experts.byteCount
      sparseLayers.append(
        SparseLayer(
          expertCount: experts.expertCount, expertsPerToken: mixture.expertsPerToken,
          expertBytes: experts.bytesPerExpert))
    }
  }
}
