internal import SpudKernels

/// One layer of a decoder.
///
///     h ← h + attention(norm(h))
///     h ← h + feedForward(norm(h))
struct DecoderLayer {
  let attentionNorm: [Float]  // [modelWidth]
  let attention: Attention
  let feedForwardNorm: [Float]  // [modelWidth]
  let feedForward: FeedForward
}

/// Memory that the layers share, sized by the largest chunk so far.
struct Workspace {
  let normalized: Activations  // [tokens, modelWidth]
  let queries: Activations  // [tokens, queryWidth]
  let keys: Activations  // [tokens, keyValueWidth]
  let values: Activations  // [tokens, keyValueWidth]
  let attended: Activations  // [tokens, queryWidth]
  /// One for each layer with experts; layers of one shape share theirs.
  let routerLogits: [Activations?]  // [tokens, expertCount]
  /// Rows that logits are asked of.
  let selected: Activations  // [rows, modelWidth]
  let logits: Activations  // [rows, vocabularyCount]

  init(_ configuration: ModelConfiguration) {
    normalized = Activations(columns: configuration.modelWidth)
    queries = Activations(columns: configuration.queryWidth)
    keys = Activations(columns: configuration.keyValueWidth)
    values = Activations(columns: configuration.keyValueWidth)
    attended = Activations(columns: configuration.queryWidth)
    selected = Activations(columns: configuration.modelWidth)
    logits = Activations(columns: configuration.vocabularyCount)
    var byCount: [Int: Activations] = [:]
    routerLogits = configuration.feedForward.map { shape in
      guard case .sparse(let count, _, _, _) = shape else { return nil }
      let shared = byCount[count] ?? Activations(columns: count)
      byCount[count] = shared
      return shared
    }
  }
}
