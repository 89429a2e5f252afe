internal import COpenBLAS

/// A set of centres with their squared lengths, ready for nearest-neighbour search.
package struct Codebook: Sendable {
  package let centres: Matrix  // [count, width]
  /// Columns that the first look takes: a few where they hold most of what tells the centres apart, else all.
  private let leading: Int
  /// The centres' leading columns, and their squared length over these: what a point's bound is the product with.
  private let bounds: Matrix  // [count, leading + 1]

  package init(centres: Matrix) {
    precondition(centres.rows > 0 && centres.columns > 0, "a codebook has at least one centre")
    self.centres = centres
    let leading = Self.leadingColumns(of: centres)
    self.leading = leading
    var bounds: [Float] = []
    bounds.reserveCapacity(centres.rows * (leading + 1))
    for row in 0..<centres.rows {
      let columns = centres[row: row].prefix(leading)
      bounds += columns
      bounds.append(columns.reduce(0) { $0 + $1 * $1 })
    }
    self.bounds = Matrix(rows: centres.rows, columns: leading + 1, values: bounds)
  }

  /// Principal components come with the greatest variance first: of 192 of a picture's patch, 24 hold nine tenths, and
  /// on average two centres of 8,192 are left to look at in full.
  private static func leadingColumns(of centres: Matrix) -> Int {
    let few = 24
    guard centres.columns >= 2 * few, centres.rows >= 256 else { return centres.columns }
    var sums = [Double](repeating: 0, count: centres.columns)
    var squares = sums
    // A thousand rows tell as much as all do.
    let sample = Array(stride(from: 0, to: centres.rows, by: max(1, centres.rows / 1024)))
    for row in sample {
      for (column, value) in centres[row: row].enumerated() {
        sums[column] += Double(value)
        squares[column] += Double(value) * Double(value)
      }
    }
    let variances = zip(sums, squares).map { $1 - $0 * $0 / Double(sample.count) }
    return variances.prefix(few).reduce(0, +) >= 0.8 * variances.reduce(0, +) ? few : centres.columns
  }

  /// The nearest centre to each row of `points`; ties go to the lower index.
  ///
  ///     index[i] = argmin_j ‖p_i − c_j‖² = argmin_j (‖c_j‖² − 2 · p_i·c_j)
  ///
  /// Over the leading columns alone the sum is a lower bound. The centre with the least bound is looked at in full, and
  /// then those whose bound is no greater than its distance: the answer is that of a search over all columns.
  ///
  /// - Parameter points: `[rows, width]`.
  /// - Returns: `indices` and `squaredDistances`, each `[rows]`.
  /// - Complexity: O(rows · count · leading) by `sgemm`, in blocks whose products stay in the second-level cache.
  package func nearest(to points: Matrix) -> (indices: [Int32], squaredDistances: [Float]) {
    precondition(points.columns == centres.columns, "points are \(points.columns) wide, centres \(centres.columns)")
    let count = centres.rows
    let blockRows = min(points.rows, max(16, (512 << 10) / 4 / count))
    var indices = [Int32](repeating: 0, count: points.rows)
    var distances = [Float](repeating: 0, count: points.rows)
    var block = [Float](repeating: 0, count: blockRows * (leading + 1))
    var products = [Float](repeating: 0, count: blockRows * count)
    LinearAlgebra.useOneThread()
    for first in stride(from: 0, to: points.rows, by: max(blockRows, 1)) {
      let rows = min(blockRows, points.rows - first)
      for row in 0..<rows {
        let point = points[row: first + row].prefix(leading)
        for (column, value) in point.enumerated() { block[row * (leading + 1) + column] = -2 * value }
        block[row * (leading + 1) + leading] = 1
      }
      // SAFETY: `block` holds `blockRows` rows of `leading + 1`, and `products` as many of `count`.
      unsafe block.withUnsafeBufferPointer { source in
        unsafe bounds.values.withUnsafeBufferPointer { target in
          unsafe products.withUnsafeMutableBufferPointer { result in
            unsafe cblas_sgemm(
              CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rows), blasint(count), blasint(leading + 1), 1,
              source.baseAddress, blasint(leading + 1), target.baseAddress, blasint(leading + 1), 0,
              result.baseAddress, blasint(count))
          }
        }
      }
      for row in 0..<rows {
        let range = row * count..<(row + 1) * count
        let point = points[row: first + row]
        let length = point.prefix(leading).reduce(0) { $0 + $1 * $1 }
        var (index, value) = Self.minimum(of: products, in: range)
        value = max(0, value + length)
        if leading < centres.columns {
          let reach = squaredDistance(from: point, to: index)
          // Rounding of the product must not hide a centre: a ten-thousandth of what was added up is far more.
          let bound = reach - length + 1e-4 * (reach + length)
          (index, value) = Self.positions(of: products, in: range, notAbove: bound).reduce((index, reach)) {
            best, other in
            let distance = other == index ? reach : squaredDistance(from: point, to: other)
            return distance < best.1 || distance == best.1 && other < best.0 ? (other, distance) : best
          }
        }
        indices[first + row] = Int32(index)
        distances[first + row] = value
      }
    }
    return (indices, distances)
  }

  private func squaredDistance(from point: ArraySlice<Float>, to centre: Int) -> Float {
    zip(point, centres[row: centre]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }

  /// The positions, counted from the range's start, of all numbers in `range` that are at most `bound`.
  private static func positions(of values: [Float], in range: Range<Int>, notAbove bound: Float) -> [Int] {
    precondition(range.lowerBound >= 0 && range.upperBound <= values.count)
    var found: [Int] = []
    // SAFETY: the range was checked above, and a worker is read only where sixteen values are left.
    unsafe values.withUnsafeBytes { bytes in
      var index = range.lowerBound
      while index + 16 <= range.upperBound {
        let worker = unsafe bytes.loadUnaligned(fromByteOffset: index * 4, as: SIMD16<Float>.self)
        if any(worker .<= bound) {
          for offset in 0..<16 where worker[offset] <= bound { found.append(index + offset - range.lowerBound) }
        }
        index += 16
      }
      while index < range.upperBound {
        if unsafe bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self) <= bound {
          found.append(index - range.lowerBound)
        }
        index += 1
      }
    }
    return found
  }

  /// The position, counted from the range's start, and value of the first least number in `range`.
  private static func minimum(of values: [Float], in range: Range<Int>) -> (index: Int, value: Float) {
    precondition(range.lowerBound >= 0 && range.upperBound <= values.count && !range.isEmpty)
    // Each worker keeps a minimum of its own, so that nothing waits for a reduction; then the first place that has it.
    var least = SIMD16<Float>(repeating: values[range.lowerBound])
    // SAFETY: the range was checked above, and a worker is read only where sixteen values are left.
    unsafe values.withUnsafeBytes { bytes in
      var index = range.lowerBound
      while index + 16 <= range.upperBound {
        let worker = unsafe bytes.loadUnaligned(fromByteOffset: index * 4, as: SIMD16<Float>.self)
        least.replace(with: worker, where: worker .< least)
        index += 16
      }
      while index < range.upperBound {
        least[0] = min(least[0], unsafe bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self))
        index += 1
      }
    }
    let value = least.min()
    // Points that are not numbers have no minimum: the first centre then stands for them.
    return (positions(of: values, in: range, notAbove: value).first ?? 0, value)
  }
}

/// A repeatable stream of random numbers: SplitMix64, after Steele, Lea and Flood (2014).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

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
