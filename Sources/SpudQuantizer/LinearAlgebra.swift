internal import CLAPACKE
internal import COpenBLAS
package import SpudErrors

/// Linear algebra for the codebooks, by OpenBLAS and LAPACKE on one thread.
package enum LinearAlgebra {
  /// OpenBLAS's own threads would fight with ours for the cores; one call switches them off for the process.
  private static let singleThreaded: Void = openblas_set_num_threads(1)

  static func useOneThread() { _ = singleThreaded }

  /// Gives OpenBLAS threads of its own, for measuring it; whatever else calls it has it use one.
  package static func useThreads(_ count: Int) {
    // This happens once, and would undo the other later.
    useOneThread()
    openblas_set_num_threads(Int32(count))
  }

  /// Multiplies `a` by `b`, or by its transpose.
  ///
  ///     output[i, j] = Σ_c a[i, c] · b[c, j]        or, transposed,  Σ_c a[i, c] · b[j, c]
  ///
  /// - Complexity: O(`a.rows` · `a.columns` · output columns), one allocation.
  package static func multiply(_ a: Matrix, by b: Matrix, transposed: Bool = false) -> Matrix {
    var output = Matrix(rows: a.rows, columns: transposed ? b.rows : b.columns)
    multiply(a, by: b, transposed: transposed, into: &output)
    return output
  }

  /// The same into a matrix that exists and has the product's shape.
  package static func multiply(_ a: Matrix, by b: Matrix, transposed: Bool = false, into output: inout Matrix) {
    useOneThread()
    let inner = transposed ? b.columns : b.rows
    let columns = transposed ? b.rows : b.columns
    precondition(a.columns == inner, "a has \(a.columns) columns, and b expects \(inner)")
    precondition(
      output.rows == a.rows && output.columns == columns,
      "a product [\(a.rows), \(columns)] into [\(output.rows), \(output.columns)]")
    guard a.rows > 0, inner > 0, columns > 0 else { return }
    // SAFETY: each pointer covers the whole of its matrix, whose size `Matrix.init` checked.
    unsafe a.values.withUnsafeBufferPointer { left in
      unsafe b.values.withUnsafeBufferPointer { right in
        unsafe output.values.withUnsafeMutableBufferPointer { result in
          unsafe cblas_sgemm(
            CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans,
            blasint(a.rows), blasint(columns), blasint(inner), 1,
            left.baseAddress, blasint(a.columns), right.baseAddress, blasint(b.columns),
            0, result.baseAddress, blasint(columns))
        }
      }
    }
  }

  /// The `count` principal components of the rows of `data`, by the eigenvectors of their covariance (`ssyevd`).
  ///
  /// - Parameters:
  ///   - data: `[rows, columns]`.
  ///   - weights: `[rows]`, how much each row counts; all alike if `nil`.
  /// - Throws: `.internal` when LAPACK reports that it did not converge.
  package static func principalComponents(
    of data: Matrix, weights: [Float]? = nil, count: Int
  ) throws(SpudError) -> PrincipalComponents {
    let width = data.columns
    precondition(count > 0 && count <= width, "\(count) components of \(width) columns")
    precondition(weights == nil || weights?.count == data.rows, "one weight a row")
    let (mean, centred) = standardize(data, weights: weights)
    var covariance = gram(centred)
    var eigenvalues = [Float](repeating: 0, count: width)
    useOneThread()
    // SAFETY: `covariance` is [width, width] and `eigenvalues` [width], as ssyevd asks.
    let status = unsafe covariance.values.withUnsafeMutableBufferPointer { matrix in
      unsafe eigenvalues.withUnsafeMutableBufferPointer { values in
        // Column-major on a symmetric matrix: each eigenvector comes back as one contiguous row for us.
        unsafe LAPACKE_ssyevd(
          LAPACK_COL_MAJOR, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "U")),
          Int32(width), matrix.baseAddress, Int32(width), values.baseAddress)
      }
    }
    guard status == 0 else {
      throw SpudError(.internal, "LAPACK's ssyevd failed with status \(status) on a \(width)×\(width) covariance")
    }
    // LAPACK sorts in ascending order of eigenvalue.
    let order = (0..<count).map { width - 1 - $0 }
    return PrincipalComponents(
      mean: mean, components: oriented(covariance.selecting(order)),
      variances: order.map { max(0, eigenvalues[$0]) })
  }

  /// An eigenvector's sign is arbitrary; make its entry of greatest magnitude positive, so that fits are repeatable.
  private static func oriented(_ components: Matrix) -> Matrix {
    var result = components
    for row in 0..<components.rows {
      let peak = components[row: row].max { abs($0) < abs($1) } ?? 0
      if peak < 0 {
        for index in row * components.columns..<(row + 1) * components.columns { result.values[index].negate() }
      }
    }
    return result
  }

  /// Weighted mean of the rows, and the rows less that mean, each scaled by √(its share of the weight).
  private static func standardize(_ data: Matrix, weights: [Float]?) -> (mean: [Float], centred: Matrix) {
    var sums = [Double](repeating: 0, count: data.columns)
    var total = 0.0
    for row in 0..<data.rows {
      let weight = Double(weights?[row] ?? 1)
      total += weight
      for (column, value) in data[row: row].enumerated() { sums[column] += weight * Double(value) }
    }
    let mean = sums.map { Float(total > 0 ? $0 / total : 0) }
    var centred = data
    for row in 0..<data.rows {
      let scale = total > 0 ? Float((Double(weights?[row] ?? 1) / total).squareRoot()) : 0
      let start = row * data.columns
      for column in 0..<data.columns {
        centred.values[start + column] = (data.values[start + column] - mean[column]) * scale
      }
    }
    return (mean, centred)
  }

  /// Aᵀ·A, `[columns, columns]`.
  private static func gram(_ a: Matrix) -> Matrix {
    useOneThread()
    var result = Matrix(rows: a.columns, columns: a.columns)
    guard a.rows > 0, a.columns > 0 else { return result }
    // SAFETY: each pointer covers the whole of its matrix.
    unsafe a.values.withUnsafeBufferPointer { source in
      unsafe result.values.withUnsafeMutableBufferPointer { target in
        unsafe cblas_sgemm(
          CblasRowMajor, CblasTrans, CblasNoTrans,
          blasint(a.columns), blasint(a.columns), blasint(a.rows), 1,
          source.baseAddress, blasint(a.columns), source.baseAddress, blasint(a.columns),
          0, target.baseAddress, blasint(a.columns))
      }
    }
    return result
  }
}
