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
    // SAFETY: the range was checked above, and sixteen are read only where sixteen values are left.
    unsafe values.withUnsafeBytes { bytes in
      var index = range.lowerBound
      while index + 16 <= range.upperBound {
        let block = unsafe bytes.loadUnaligned(fromByteOffset: index * 4, as: SIMD16<Float>.self)
        if any(block .<= bound) {
          for offset in 0..<16 where block[offset] <= bound { found.append(index + offset - range.lowerBound) }
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
    // Each of sixteen columns keeps a minimum of its own, so that nothing waits for a reduction; then the first place
    // that has it.
    var least = SIMD16<Float>(repeating: values[range.lowerBound])
    // SAFETY: the range was checked above, and sixteen are read only where sixteen values are left.
    unsafe values.withUnsafeBytes { bytes in
      var index = range.lowerBound
      while index + 16 <= range.upperBound {
        let block = unsafe bytes.loadUnaligned(fromByteOffset: index * 4, as: SIMD16<Float>.self)
        least.replace(with: block, where: block .< least)
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
