internal import SpudKernels

/// Causal grouped-query attention of one layer.
struct Attention {
  /// The weights of `ModelConfiguration.QueryKeyNorm`.
  enum HeadNorm {
    case none
    case perHead(query: [Float], key: [Float])  // [headWidth] each
    case fullWidth(query: [Float], key: [Float])  // [queryWidth], [keyValueWidth]
  }

  let query: WeightMatrix  // [queryWidth, modelWidth]
  let key: WeightMatrix  // [keyValueWidth, modelWidth]
  let value: WeightMatrix  // [keyValueWidth, modelWidth]
  let output: WeightMatrix  // [modelWidth, queryWidth]
  let biases: Biases?
  let norm: HeadNorm
  let clip: Float?
  let headWidth: Int
  let epsilon: Float

  struct Biases {
    let query: [Float]
    let key: [Float]
    let value: [Float]
    let output: [Float]
  }

  /// h ← h + output · attend(rotate(norm(query · x)), rotate(norm(key · x)), value · x).
  ///
  /// - Parameters:
  ///   - x: `[tokens, modelWidth]`, normalized.
  ///   - rows: The tokens to answer for, rising; all leave keys and values. Nil is all. `x` and `hidden` keep only
  ///     these rows.
  ///   - hidden: `[tokens, modelWidth]`.
  func transform(
    _ x: Activations, layer: Int, positions: TokenPositions, selecting rows: [Int]? = nil,
    cache: KeyValueCache, table: RotaryTable, workspace: Workspace, compute: Compute, addingInto hidden: Activations
  ) {
    var queryPositions = positions
    if let rows {
      compute.multiply(
        x, by: [key, value], biases: biases.map { [$0.key, $0.value] }, into: [workspace.keys, workspace.values])
      queryPositions = positions.selecting(rows)
      x.keep(rows: rows)
      hidden.keep(rows: rows)
      compute.multiply(x, by: query, bias: biases?.query, into: workspace.queries)
    } else {
      compute.multiply(
        x, by: [query, key, value], biases: biases.map { [$0.query, $0.key, $0.value] },
        into: [workspace.queries, workspace.keys, workspace.values])
    }
    switch norm {
    case .none: break
    case .perHead(let query, let key):
      compute.normalize(
        workspace.queries, weight: query, epsilon: epsilon, groupWidth: headWidth, into: workspace.queries)
      compute.normalize(workspace.keys, weight: key, epsilon: epsilon, groupWidth: headWidth, into: workspace.keys)
    case .fullWidth(let query, let key):
      compute.normalize(workspace.queries, weight: query, epsilon: epsilon, into: workspace.queries)
      compute.normalize(workspace.keys, weight: key, epsilon: epsilon, into: workspace.keys)
    }
    if let clip {
      for activations in [workspace.queries, workspace.keys, workspace.values] { compute.clamp(activations, to: clip) }
    }
    compute.rotate(workspace.queries, headWidth: headWidth, positions: queryPositions, table: table)
    compute.rotate(workspace.keys, headWidth: headWidth, positions: positions, table: table)
    compute.attend(
      queries: workspace.queries, at: queryPositions, keys: workspace.keys, values: workspace.values,
      positions: positions,
      layer: layer, cache: cache, scale: 1 / Float(headWidth).squareRoot(), into: workspace.attended)
    compute.multiply(workspace.attended, by: output, bias: biases?.output, addingInto: hidden)
  }
}
