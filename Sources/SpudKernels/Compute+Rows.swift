internal import CSpudKernels

/// Operations on each row by itself.
extension Compute {
  /// Below this many values, waking the other threads costs more than they save.
  static let smallWork = 16384

  /// Root-mean-square norm of each row, or of each group of `groupWidth` values (a head) in it.
  ///
  ///     output[t, c] = x[t, c] / √(mean(x[t, group]²) + epsilon) · weight[c mod groupWidth]
  ///
  /// `output` may be `x`.
  package func normalize(
    _ x: Activations, weight: [Float], epsilon: Float, groupWidth: Int? = nil, into output: Activations
  ) {
    let width = groupWidth ?? x.columns
    precondition(width > 0 && x.columns % width == 0, "\(x.columns) columns in groups of \(width)")
    precondition(weight.count == width, "a norm over \(width) values has \(weight.count) weights")
    precondition(output.columns == x.columns, "a norm of \(x.columns) columns into \(output.columns)")
    output.resize(rows: x.rows)
    unsafe weight.withUnsafeBufferPointer { weight in
      guard let weight = weight.baseAddress else { return }
      let task = unsafe NormalizeTask(
        kernels: kernels, input: x.base, output: output.base, stride: x.stride, rows: x.rows, columns: x.columns,
        width: width,
        weight: weight, epsilon: epsilon)
      pool.run(task, alone: x.rows * x.columns < Compute.smallWork)
    }
  }

  /// Adds `x` to `output`, value by value.
  package func add(_ x: Activations, into output: Activations) {
    precondition(x.columns == output.columns && x.rows == output.rows, "shapes differ")
    for row in 0..<x.rows {
      // SAFETY: both rows hold `columns` values.
      unsafe kernels.pointee.add(x.base + row * x.stride, Int64(x.columns), output.base + row * output.stride)
    }
  }

  /// Limits every value to -limit…limit.
  package func clamp(_ x: Activations, to limit: Float) {
    for row in 0..<x.rows {
      var values = x.mutableRow(row)
      for index in values.indices { values[index] = min(max(values[index], -limit), limit) }
    }
  }

  /// Copies rows of `matrix` (an embedding) as floats: output[t] = matrix[rows[t]].
  package func gather(_ rows: [Int32], from matrix: RowSource, into output: Activations) {
    precondition(output.columns == matrix.columns, "rows of \(matrix.columns) into \(output.columns)")
    output.resize(rows: rows.count)
    // What a row is must not depend on when it is looked up.
    if case .packed(let matrix) = matrix, !matrix.holdsFileValues { packAhead(matrix) }
    for row in rows { precondition(row >= 0 && Int(row) < matrix.rows, "row \(row) of \(matrix.rows)") }
    unsafe rows.withUnsafeBufferPointer { rows in
      let task = unsafe GatherTask(rows: rows, matrix: matrix, output: output)
      pool.run(task, alone: rows.count * matrix.columns < Compute.smallWork)
    }
  }

  /// Rotates the first `table.width` values of every head of `x` by its token's position.
  package func rotate(_ x: Activations, headWidth: Int, positions: TokenPositions, table: RotaryTable) {
    precondition(x.rows == positions.count, "\(x.rows) rows for \(positions.count) tokens")
    precondition(
      x.columns % headWidth == 0 && table.width <= headWidth, "heads of \(headWidth) in \(x.columns) columns")
    table.prepare(positions.indices)
    unsafe table.cosines.withUnsafeBufferPointer { cosines in
      unsafe table.sines.withUnsafeBufferPointer { sines in
        guard let cosines = cosines.baseAddress, let sines = sines.baseAddress else { return }
        let task = unsafe RotateTask(
          values: x.base, stride: x.stride, rows: x.rows, heads: x.columns / headWidth, headWidth: headWidth,
          cosines: cosines, sines: sines, pairs: table.width / 2, isAdjacent: table.pairing == .adjacent)
        pool.run(task, alone: x.rows * x.columns < Compute.smallWork)
      }
    }
  }

  /// The router: the best `expertsPerToken` of each token, ties to the lower number, and what each of them counts.
  ///
  /// - Parameters:
  ///   - logits: `[tokens, experts]`; overwritten.
  ///   - marks: Of each token; nil is that all were read.
  package func route(
    _ logits: Activations, by score: RouterScore, marks: RowMarks? = nil, into table: inout RoutingTable
  ) {
    precondition(logits.columns == table.expertCount, "\(logits.columns) logits for \(table.expertCount) experts")
    table.resize(tokens: logits.rows)
    let count = table.expertsPerToken
    unsafe table.experts.withUnsafeMutableBufferPointer { experts in
      unsafe table.weights.withUnsafeMutableBufferPointer { weights in
        guard let experts = experts.baseAddress, let weights = weights.baseAddress else { return }
        let task = unsafe RouteTask(
          kernels: kernels, logits: logits.base, stride: logits.stride, rows: logits.rows, total: logits.columns,
          count: count, score: score, experts: experts, weights: weights)
        pool.run(task, alone: logits.rows * logits.columns < Compute.smallWork / 4)
      }
    }
    table.sortByExpert(marks)
  }
}

@safe
private struct GatherTask: ParallelTask, ~Copyable {
  let rows: UnsafeBufferPointer<Int32>
  let matrix: RowSource
  let output: Activations

  func run(_ worker: Worker) {
    for index in unsafe worker.share(of: rows.count) {
      let row = unsafe Int(rows[index])
      let target = unsafe output.base + index * output.stride
      // SAFETY: `gather` checked that the row lies in the matrix; the output has `columns` floats.
      switch matrix {
      case .packed(let matrix):
        if let source = matrix.source {
          unsafe source.decode(row, into: target)
          continue
        }
        unsafe spud_unpack_row(
          matrix.format.code,
          matrix.buffer.base.assumingMemoryBound(to: UInt8.self) + row / 32 * matrix.layout.panelBytes,
          Int64(row % 32), Int64(matrix.columns), target)
      case .stored(let stored): unsafe stored.decode(row, into: target)
      }
    }
  }
}

@safe
private struct NormalizeTask: ParallelTask, ~Copyable {
  let kernels: UnsafePointer<spud_kernels>
  let input: UnsafeMutablePointer<Float>
  let output: UnsafeMutablePointer<Float>
  let stride: Int
  let rows: Int
  let columns: Int
  let width: Int
  let weight: UnsafePointer<Float>
  let epsilon: Float

  func run(_ worker: Worker) {
    for row in worker.share(of: rows) {
      for column in Swift.stride(from: row * stride, to: row * stride + columns, by: width) {
        // SAFETY: `normalize` checked the shapes.
        unsafe kernels.pointee.normalize(input + column, weight, epsilon, Int64(width), output + column)
      }
    }
  }
}

@safe
private struct RotateTask: ParallelTask, ~Copyable {
  let values: UnsafeMutablePointer<Float>
  let stride: Int
  let rows: Int
  let heads: Int
  let headWidth: Int
  let cosines: UnsafePointer<Float>
  let sines: UnsafePointer<Float>
  let pairs: Int
  let isAdjacent: Bool

  func run(_ worker: Worker) {
    for row in worker.share(of: rows) {
      let angles = row * pairs
      for head in 0..<heads {
        // SAFETY: `rotate` checked the shapes and prepared a row of angles for each of `x`.
        unsafe spud_rotate(
          values + row * stride + head * headWidth, cosines + angles, sines + angles, Int64(pairs), isAdjacent ? 1 : 0)
      }
    }
  }
}

@safe
private struct RouteTask: ParallelTask, ~Copyable {
  let kernels: UnsafePointer<spud_kernels>
  let logits: UnsafeMutablePointer<Float>
  let stride: Int
  let rows: Int
  let total: Int
  let count: Int
  let score: RouterScore
  let experts: UnsafeMutablePointer<Int32>
  let weights: UnsafeMutablePointer<Float>

  func run(_ worker: Worker) {
    for row in worker.share(of: rows) {
      // SAFETY: `route` sized both arrays as [rows, count].
      let scores = unsafe logits + row * stride
      let chosen = unsafe weights + row * count
      if case .softmax = score { unsafe kernels.pointee.softmax(scores, Int64(total)) }
      unsafe spud_best(scores, Int64(total), Int64(count), experts + row * count, chosen)
      switch score {
      case .softmax(isNormalized: false): break
      case .softmax(isNormalized: true):
        var sum: Float = 0
        for slot in 0..<count { unsafe sum += chosen[slot] }
        for slot in 0..<count { unsafe chosen[slot] /= sum }
      case .softmaxOfBest: unsafe kernels.pointee.softmax(chosen, Int64(count))
      }
    }
  }
}
