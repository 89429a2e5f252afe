internal import SpudKernels

/// Causal grouped-query attention of one layer; see `GroupedAttentionPlan`.
final class Attention {
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

  init(
    query: Projection, key: Projection, value: Projection, output: Projection, norm: HeadNorm, clip: Float?,
    window: Int?, sinks: [Float]?, headWidth: Int, table: RotaryTable
  ) {
    self.query = query
    self.key = key
    self.value = value
    self.output = output
    self.norm = norm
    self.clip = clip
    self.window = window
    self.sinks = sinks
    self.headWidth = headWidth
    self.table = table
  }

  /// Queries, keys and values: rotate(norm(query · x)), rotate(norm(key · x)), value · x.
  ///
  /// - Parameters:
  ///   - x: `[tokens, modelWidth]`, normalized.
  ///   - rows: The tokens to answer for, sorted ascending; all leave keys and values. Nil is all. `x` and `hidden` keep
  ///     only these rows.
  ///   - marks: Of each token; nil is that all were read.
  ///   - budgets: `[tokens]`; see `Batch.budgets`.
  ///   - hidden: `[tokens, modelWidth]`.
  func project(
    _ x: Activations, positions: TokenPositions, selecting rows: [Int]?, marks: RowMarks?, budgets: [Int32]?,
    workspace: AttentionWorkspace, compute: Compute, hidden: Activations
  ) -> AttentionQueries {
    let (queries, keys, values) = (workspace.queries, workspace.keys, workspace.values)
    var answered = AttentionQueries(positions: positions, marks: marks, budgets: budgets)
    let isBiased = query.bias != nil || key.bias != nil || value.bias != nil
    if let rows {
      compute.multiply(
        x, by: [key.weight, value.weight], biases: isBiased ? [key.bias, value.bias] : nil, marks: marks,
        into: [keys, values])
      answered = answered.selecting(rows)
      x.keep(rows: rows)
      hidden.keep(rows: rows)
      compute.multiply(x, by: query.weight, bias: query.bias, marks: answered.marks, into: queries)
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
    compute.rotate(queries, headWidth: headWidth, positions: answered.positions, table: table)
    compute.rotate(keys, headWidth: headWidth, positions: positions, table: table)
    return answered
  }

  /// Stores keys and values, if any are to be stored, and attends with some of the queries.
  ///
  /// - Parameters:
  ///   - rows: Which queries; nil is all.
  ///   - stored: Where the keys and values of the workspace belong; nil if they are stored.
  func attend(
    _ queries: AttentionQueries, rows: Range<Int>? = nil, storing stored: TokenPositions?, layer: Int,
    cache: KeyValueCache, workspace: AttentionWorkspace, compute: Compute
  ) {
    compute.attend(
      queries: workspace.queries, rows: rows, at: queries.positions, keys: workspace.keys, values: workspace.values,
      positions: stored ?? TokenPositions(), layer: layer, cache: cache, scale: 1 / Float(headWidth).squareRoot(),
      window: window, sinks: sinks, budgets: queries.budgets, marks: queries.marks, into: workspace.attended)
  }

  /// h ← h + output · attended.
  func finish(
    _ queries: AttentionQueries, workspace: AttentionWorkspace, compute: Compute, addingInto hidden: Activations
  ) {
    compute.multiply(
      workspace.attended, by: output.weight, bias: output.bias, marks: queries.marks, addingInto: hidden)
  }
}

/// What queries stand for.
struct AttentionQueries {
  var positions: TokenPositions
  /// Nil is that all were read.
  var marks: RowMarks?
  /// See `Batch.budgets`.
  var budgets: [Int32]?

  func selecting(_ rows: [Int]) -> AttentionQueries {
    AttentionQueries(
      positions: positions.selecting(rows), marks: marks?.selecting(rows),
      budgets: budgets.map { budgets in rows.map { budgets[$0] } })
  }
}
