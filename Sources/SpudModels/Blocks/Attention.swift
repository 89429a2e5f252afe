internal import SpudKernels

/// Causal grouped-query attention of one layer; see `GroupedAttentionPlan`.
struct Attention {
  /// The weights of `GroupedAttentionPlan.HeadNorm`.
  enum HeadNorm {
    case none
    case perHead(query: Norm, key: Norm)  // [headWidth] each
    case fullWidth(query: Norm, key: Norm)  // [queryWidth], [keyValueWidth]
  }

  let query: Projection  // [queryWidth, modelWidth]
  let key: Projection  // [keyValueWidth, modelWidth]
  let value: Projection  // [keyValueWidth, modelWidth]
  let output: Projection  // [modelWidth, queryWidth]
  let norm: HeadNorm
  let clip: Float?
  let window: Int?
  let sinks: [Float]?  // [heads]
  let headWidth: Int
  let table: RotaryTable

  /// h ← h + output · attend(rotate(norm(query · x)), rotate(norm(key · x)), value · x).
  ///
  /// - Parameters:
  ///   - x: `[tokens, modelWidth]`, normalized.
  ///   - rows: The tokens to answer for, sorted ascending; all leave keys and values. Nil is all. `x` and `hidden` keep
  ///     only these rows.
  ///   - marks: Of each token; nil is that all were read.
  ///   - budgets: `[tokens]`; see `Batch.budgets`.
  ///   - hidden: `[tokens, modelWidth]`.
  func transform(
    _ x: Activations, layer: Int, positions: TokenPositions, selecting rows: [Int]? = nil,
    cache: KeyValueCache, marks: RowMarks? = nil, budgets: [Int32]? = nil, workspace: AttentionWorkspace,
    compute: Compute,
    addingInto hidden: Activations
  ) {
    let budgets = rows.flatMap { rows in budgets.map { budgets in rows.map { budgets[$0] } } } ?? budgets
    let (queries, keys, values) = (workspace.queries, workspace.keys, workspace.values)
    var queryPositions = positions
    var queryMarks = marks
    let isBiased = query.bias != nil || key.bias != nil || value.bias != nil
    if let rows {
      compute.multiply(
        x, by: [key.weight, value.weight], biases: isBiased ? [key.bias, value.bias] : nil, marks: marks,
        into: [keys, values])
      queryMarks = marks?.selecting(rows)
      queryPositions = positions.selecting(rows)
      x.keep(rows: rows)
      hidden.keep(rows: rows)
      compute.multiply(x, by: query.weight, bias: query.bias, marks: queryMarks, into: queries)
    } else {
      compute.multiply(
        x, by: [query.weight, key.weight, value.weight],
        biases: isBiased ? [query.bias, key.bias, value.bias] : nil, marks: marks, into: [queries, keys, values])
    }
    switch norm {
    case .none: break
    case .perHead(let query, let key):
      query.normalize(queries, groupWidth: headWidth, into: queries, compute: compute)
      key.normalize(keys, groupWidth: headWidth, into: keys, compute: compute)
    case .fullWidth(let query, let key):
      query.normalize(queries, into: queries, compute: compute)
      key.normalize(keys, into: keys, compute: compute)
    }
    if let clip {
      for activations in [queries, keys, values] { compute.clamp(activations, to: clip) }
    }
    compute.rotate(queries, headWidth: headWidth, positions: queryPositions, table: table)
    compute.rotate(keys, headWidth: headWidth, positions: positions, table: table)
    compute.attend(
      queries: queries, at: queryPositions, keys: keys, values: values, positions: positions, layer: layer,
      cache: cache, scale: 1 / Float(headWidth).squareRoot(), window: window, sinks: sinks,
      budgets: budgets, marks: queryMarks, into: workspace.attended)
    compute.multiply(
      workspace.attended, by: output.weight, bias: output.bias, marks: queryMarks, addingInto: hidden)
  }
}
