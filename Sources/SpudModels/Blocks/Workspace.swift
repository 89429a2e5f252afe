internal import SpudKernels

/// Memory that the layers share, sized by the largest chunk so far.
struct Workspace {
  let normalized: Activations  // [tokens, modelWidth]
  /// One for each layer; layers of one shape share theirs.
  let attention: [AttentionWorkspace]
  let feedForward: [FeedForwardWorkspace]
  /// Rows that logits are asked of.
  let selected: Activations  // [rows, modelWidth]
  let logits: Activations  // [rows, vocabularyCount]

  init(_ configuration: ModelConfiguration) {
    normalized = Activations(columns: configuration.modelWidth)
    selected = Activations(columns: configuration.modelWidth)
    logits = Activations(columns: configuration.vocabularyCount)
    var shared = SharedActivations()
    attention = configuration.layers.map { layer in
      switch layer.attention {
      case .grouped(let plan):
        AttentionWorkspace(
          queries: shared[.queries, plan.queryWidth], keys: shared[.keys, plan.keyValueWidth],
          values: shared[.values, plan.keyValueWidth], attended: shared[.attended, plan.queryWidth])
      }
    }
    feedForward = configuration.layers.map { layer in
      switch layer.feedForward {
      case .dense(let plan):
        plan.biases == nil ? .dense : .biased(gate: shared[.gate, plan.width], up: shared[.up, plan.width])
      case .experts(let plan): .sparse(routerLogits: shared[.routerLogits, plan.expertCount])
      }
    }
  }
}

/// Memory of grouped attention.
struct AttentionWorkspace {
  let queries: Activations  // [tokens, queryWidth]
  let keys: Activations  // [tokens, keyValueWidth]
  let values: Activations  // [tokens, keyValueWidth]
  let attended: Activations  // [tokens, queryWidth]
}

/// Memory of a feed-forward block, of the same kind as the block.
enum FeedForwardWorkspace {
  /// The kernel has its own.
  case dense
  case biased(gate: Activations, up: Activations)  // [tokens, width] each
  case sparse(routerLogits: Activations)  // [tokens, expertCount]
}

/// One piece of memory for each use and width.
private struct SharedActivations {
  enum Use { case queries, keys, values, attended, gate, up, routerLogits }

  private struct Key: Hashable {
    let use: Use
    let columns: Int
  }

  private var made: [Key: Activations] = [:]

  subscript(use: Use, columns: Int) -> Activations {
    mutating get {
      let key = Key(use: use, columns: columns)
      let activations = made[key] ?? Activations(columns: columns)
      made[key] = activations
      return activations
    }
  }
}
