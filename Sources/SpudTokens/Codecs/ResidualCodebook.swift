package import SpudErrors
package import SpudQuantizer

/// A vector quantizer in a space of principal components: each level codes what the levels before it left over.
///
///     x ≈ mean + (c₀[code₀] + c₁[code₁] + …) · components
///
/// Juang and Gray, "Multiple stage vector quantization for speech coding" (1982). Images use one level, sound several.
package struct ResidualCodebook: Sendable {
  package let mean: [Float]  // [width]
  package let components: Matrix  // [componentCount, width], orthonormal rows, greatest variance first
  package let variances: [Float]  // [componentCount]
  package let levels: [Codebook]  // each [codesPerLevel, componentCount]

  package var width: Int { mean.count }
  package var codesPerLevel: Int { levels[0].centres.rows }

  package init(mean: [Float], components: Matrix, variances: [Float], levels: [Codebook]) {
    precondition(components.columns == mean.count && variances.count == components.rows, "the basis has one width")
    precondition(!levels.isEmpty, "a codebook has at least one level")
    precondition(levels.allSatisfy { $0.centres.columns == components.rows }, "centres live in the basis")
    precondition(levels.allSatisfy { $0.centres.rows == levels[0].centres.rows }, "every level has as many codes")
    self.mean = mean
    self.components = components
    self.variances = variances
    self.levels = levels
  }

  /// The codes of each row, level by level: greedy, so a row's codes never depend on its neighbours.
  ///
  /// - Parameter points: `[rows, width]`.
  /// - Returns: `[rows, levels]`.
  package func encode(_ points: Matrix) -> [Int32] {
    var residual = project(points)
    let depth = levels.count
    var codes = [Int32](repeating: 0, count: points.rows * depth)
    for (level, codebook) in levels.enumerated() {
      let nearest = codebook.nearest(to: residual).indices
      for row in 0..<points.rows { codes[row * depth + level] = nearest[row] }
      if level + 1 < depth { Self.subtract(codebook.centres, at: nearest, from: &residual) }
    }
    return codes
  }

  /// What `codes` stand for.
  ///
  /// - Parameter codes: `[rows, levels]`, each in `0..<codesPerLevel`.
  /// - Returns: `[rows, width]`.
  package func decode(_ codes: [Int32]) -> Matrix {
    decode(codes, adding: nil, at: [])
  }

  /// What `codes` stand for, with a centre of another codebook in the same basis added to each row.
  ///
  /// - Parameter others: `[rows]`, or none.
  package func decode(_ codes: [Int32], adding another: Codebook?, at others: [Int32]) -> Matrix {
    let depth = levels.count
    precondition(codes.count % depth == 0, "\(codes.count) codes do not make rows of \(depth)")
    let rows = codes.count / depth
    let inner = components.rows
    var sums = Matrix(rows: rows, columns: inner)
    for row in 0..<rows {
      for (level, codebook) in levels.enumerated() {
        let centre = codebook.centres[row: Int(codes[row * depth + level])]
        for (column, value) in centre.enumerated() { sums.values[row * inner + column] += value }
      }
      guard let another, !others.isEmpty else { continue }
      for (column, value) in another.centres[row: Int(others[row])].enumerated() {
        sums.values[row * inner + column] += value
      }
    }
    var points = LinearAlgebra.multiply(sums, by: components)
    for row in 0..<rows {
      for column in 0..<width { points.values[row * width + column] += mean[column] }
    }
    return points
  }

  /// What `codes`, one a row, leave of each row: coordinates in the basis, `[rows, componentCount]`.
  package func remainder(of points: Matrix, codes: [Int32]) -> Matrix {
    precondition(levels.count == 1 && codes.count == points.rows, "one code a row")
    var left = project(points)
    Self.subtract(levels[0].centres, at: codes, from: &left)
    return left
  }

  /// Coordinates in the basis, `[rows, componentCount]`.
  private func project(_ points: Matrix) -> Matrix {
    precondition(points.columns == width, "points are \(points.columns) wide, the codebook \(width)")
    var centred = points
    for row in 0..<points.rows {
      for column in 0..<width { centred.values[row * width + column] -= mean[column] }
    }
    return LinearAlgebra.multiply(centred, by: components, transposed: true)
  }

  private static func subtract(_ centres: Matrix, at owners: [Int32], from points: inout Matrix) {
    let width = points.columns
    for row in 0..<points.rows {
      let first = Int(owners[row]) * width
      for column in 0..<width { points.values[row * width + column] -= centres.values[first + column] }
    }
  }
}

extension ResidualCodebook {
  /// How a codebook is fitted.
  package struct Recipe: Sendable {
    package var levels: Int
    package var codesPerLevel: Int
    package var componentCount: Int
    package var iterations: Int
    package var seed: UInt64

    package init(levels: Int, codesPerLevel: Int, componentCount: Int, iterations: Int = 40, seed: UInt64 = 1) {
      self.levels = levels
      self.codesPerLevel = codesPerLevel
      self.componentCount = componentCount
      self.iterations = iterations
      self.seed = seed
    }
  }

  /// Fits a basis by principal components, then each level by k-means on what the levels before it left over.
  ///
  /// - Parameters:
  ///   - points: `[rows, width]`.
  ///   - weights: `[rows]`, positive.
  ///   - progress: called with a line for people to read.
  /// - Throws: `.badData` when there are fewer points than codes.
  package static func fit(
    _ points: Matrix, weights: [Float], recipe: Recipe, progress: ((String) -> Void)? = nil
  ) throws(SpudError) -> ResidualCodebook {
    guard points.rows >= recipe.codesPerLevel else {
      throw SpudError(
        .badData,
        "the examples hold \(points.rows) distinct patches or frames, but \(recipe.codesPerLevel) codes need "
          + "at least as many")
    }
    let basis = try LinearAlgebra.principalComponents(
      of: points, weights: weights, count: min(recipe.componentCount, points.columns))
    let shell = ResidualCodebook(
      mean: basis.mean, components: basis.components, variances: basis.variances,
      levels: [Codebook(centres: Matrix(rows: 1, columns: basis.components.rows))])
    var residual = shell.project(points)
    var levels: [Codebook] = []
    for level in 0..<recipe.levels {
      let fitted = LinearAlgebra.kMeans(
        residual, weights: weights, count: recipe.codesPerLevel, iterations: recipe.iterations,
        seed: recipe.seed &+ UInt64(level)
      ) { iteration, error in progress?("level \(level), iteration \(iteration): mean squared error \(error)") }
      let codebook = Codebook(centres: ordered(fitted.centres))
      levels.append(codebook)
      if level + 1 < recipe.levels {
        subtract(codebook.centres, at: codebook.nearest(to: residual).indices, from: &residual)
      }
    }
    return ResidualCodebook(
      mean: basis.mean, components: basis.components, variances: basis.variances, levels: levels)
  }

  /// Centres sorted along the first component: neighbours in number are then neighbours in brightness.
  private static func ordered(_ centres: Matrix) -> Matrix {
    let order = (0..<centres.rows).sorted {
      centres.values[$0 * centres.columns] < centres.values[$1 * centres.columns]
    }
    return centres.selecting(order)
  }
}
