internal import SpudSupport

extension LinearAlgebra {
  /// Fits `count` centres to weighted points: k-means++ seeding, then Lloyd's iterations.
  ///
  /// Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding" (2007). A centre that loses all its
  /// points moves to the point that is served worst, so that every centre is in use, given enough distinct points.
  ///
  /// - Parameters:
  ///   - points: `[rows, width]`, at least one row.
  ///   - weights: `[rows]`, positive; all alike if `nil`.
  ///   - progress: called after each iteration with its number and the weighted mean squared error.
  /// - Returns: the centres, and the weighted mean squared error of the last assignment.
  package static func kMeans(
    _ points: Matrix, weights: [Float]? = nil, count: Int, iterations: Int, seed: UInt64,
    progress: ((Int, Float) -> Void)? = nil
  ) -> (centres: Matrix, meanSquaredError: Float) {
    precondition(points.rows > 0 && count > 0, "k-means needs points and at least one centre")
    let weights = weights ?? [Float](repeating: 1, count: points.rows)
    precondition(weights.count == points.rows, "one weight a point")
    let totalWeight = weights.reduce(0.0) { $0 + Double($1) }
    var centres = spreadCentres(points, weights: weights, count: count, seed: seed)
    var error = Float.infinity
    for iteration in 0..<max(1, iterations) {
      let (owners, distances) = Codebook(centres: centres).nearest(to: points)
      let sum = zip(distances, weights).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      let newError = Float(sum / totalWeight)
      progress?(iteration, newError)
      moveCentres(&centres, to: points, weights: weights, owners: owners, distances: distances)
      if newError == 0 || (error.isFinite && error - newError < 1e-5 * error) { return (centres, newError) }
      error = newError
    }
    return (centres, error)
  }

  /// k-means++: each new centre is a point drawn with probability in proportion to weight · squared distance.
  private static func spreadCentres(_ points: Matrix, weights: [Float], count: Int, seed: UInt64) -> Matrix {
    var generator = SeededGenerator(seed: seed)
    let width = points.columns
    var centres = Matrix(rows: count, columns: width)
    var cost = weights.map(Double.init)  // weight · squared distance to the nearest centre so far
    var nearest = [Float](repeating: .infinity, count: points.rows)
    let lengths = (0..<points.rows).map { row in points[row: row].reduce(0) { $0 + $1 * $1 } }
    for centre in 0..<count {
      let chosen = draw(in: cost, using: &generator)
      centres.values.replaceSubrange(centre * width..<(centre + 1) * width, with: points[row: chosen])
      let distances = squaredDistances(of: points, lengths: lengths, toRow: chosen)
      for row in 0..<points.rows {
        nearest[row] = min(nearest[row], distances[row])
        cost[row] = Double(nearest[row]) * Double(weights[row])
      }
    }
    return centres
  }

  private static func draw(in cost: [Double], using generator: inout SeededGenerator) -> Int {
    let total = cost.reduce(0, +)
    guard total > 0 else { return Int.random(in: 0..<cost.count, using: &generator) }
    var target = Double.random(in: 0..<total, using: &generator)
    for (row, share) in cost.enumerated() {
      target -= share
      if target < 0, share > 0 { return row }
    }
    return cost.lastIndex { $0 > 0 } ?? 0
  }

  /// ‖p_i − p_row‖² = ‖p_i‖² − 2 · p_i·p_row + ‖p_row‖², so that BLAS does the work.
  private static func squaredDistances(of points: Matrix, lengths: [Float], toRow row: Int) -> [Float] {
    let products = multiply(points, by: points.selecting([row]), transposed: true)
    return zip(lengths, products.values).map { max(0, $0 - 2 * $1 + lengths[row]) }
  }

  /// Moves every centre to the weighted mean of the points it owns, and orphans to the worst-served points.
  private static func moveCentres(
    _ centres: inout Matrix, to points: Matrix, weights: [Float], owners: [Int32], distances: [Float]
  ) {
    let width = points.columns
    var sums = [Double](repeating: 0, count: centres.values.count)
    var shares = [Double](repeating: 0, count: centres.rows)
    for row in 0..<points.rows {
      let owner = Int(owners[row])
      let weight = Double(weights[row])
      shares[owner] += weight
      for column in 0..<width { sums[owner * width + column] += weight * Double(points.values[row * width + column]) }
    }
    let orphans = shares.indices.filter { shares[$0] == 0 }
    for centre in 0..<centres.rows where shares[centre] > 0 {
      for column in 0..<width {
        centres.values[centre * width + column] = Float(sums[centre * width + column] / shares[centre])
      }
    }
    guard !orphans.isEmpty else { return }
    let worst = distances.indices.sorted { distances[$0] * weights[$0] > distances[$1] * weights[$1] }
    for (orphan, row) in zip(orphans, worst) where distances[row] > 0 {
      centres.values.replaceSubrange(orphan * width..<(orphan + 1) * width, with: points[row: row])
    }
  }
}
