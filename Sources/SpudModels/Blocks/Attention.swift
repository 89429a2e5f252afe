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
    _ x: Activations, layer: Int, placement: KeyValueCache.Placement, selecting rows: [Int]? = nil,
    cache: KeyValueCache, table: RotaryTable, scratch: Scratch, compute: Compute, addingInto hidden: Activations
  ) {
    var asking = placement
    if let rows {
      compute.multiply(
        x, by: [key, value], biases: biases.map { [$0.key, $0.value] }, into: [scratch.keys, scratch.values])
      asking = placement.selecting(rows)
      x.keep(rows: rows)
      hidden.keep(rows: rows)
      compute.multiply(x, by: query, bias: biases?.query, into: scratch.queries)
    } else {
      compute.multiply(
        x, by: [query, key, value], biases: biases.map { [$0.query, $0.key, $0.value] },
        into: [scratch.queries, scratch.keys, scratch.values])
    }
    switch norm {
    case .none: break
    case .perHead(let query, let key):
      compute.normalize(scratch.queries, weight: query, epsilon: epsilon, groupWidth: headWidth, into: scratch.queries)
      compute.normalize(scratch.keys, weight: key, epsilon: epsilon, groupWidth: headWidth, into: scratch.keys)
    case .fullWidth(let query, let key):
      compute.normalize(scratch.queries, weight: query, epsilon: epsilon, into: scratch.queries)
      compute.normalize(scratch.keys, weight: key, epsilon: epsilon, into: scratch.keys)
    }
    if let clip {
      for activations in [scratch.queries, scratch.keys, scratch.values] { compute.clamp(activations, to: clip) }
    }
    compute.rotate(scratch.queries, headWidth: headWidth, placement: asking, table: table)
    compute.rotate(scratch.keys, headWidth: headWidth, placement: placement, table: table)
    compute.attend(
      queries: scratch.queries, at: asking, keys: scratch.keys, values: scratch.values, placement: placement,
      layer: layer, cache: cache, scale: 1 / Float(headWidth).squareRoot(), into: scratch.attended)
    compute.multiply(scratch.attended, by: output, bias: biases?.output, addingInto: hidden)
  }
}
