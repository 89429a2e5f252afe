import Foundation
import SpudQuantizer
import SpudSupport
import Testing

@Suite("Linear algebra for codebooks")
struct LinearAlgebraTests {
  private func random(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
    var generator = SeededGenerator(seed: seed)
    return Matrix(
      rows: rows, columns: columns,
      values: (0..<rows * columns).map { _ in Float.random(in: -1...1, using: &generator) })
  }

  @Test("a product agrees with plain loops", arguments: [(1, 1, 1), (3, 5, 2), (17, 33, 9), (130, 64, 65)])
  func productAgrees(rows: Int, inner: Int, columns: Int) {
    let a = random(rows, inner, seed: 1)
    let b = random(inner, columns, seed: 2)
    var transposed = Matrix(rows: columns, columns: inner)
    for row in 0..<inner {
      for column in 0..<columns { transposed.values[column * inner + row] = b.values[row * columns + column] }
    }
    let product = LinearAlgebra.multiply(a, by: b)
    for row in 0..<rows {
      for column in 0..<columns {
        var sum = 0.0
        for index in 0..<inner {
          sum += Double(a.values[row * inner + index]) * Double(b.values[index * columns + column])
        }
        #expect(abs(Double(product.values[row * columns + column]) - sum) < 1e-5)
      }
    }
    let other = LinearAlgebra.multiply(a, by: transposed, transposed: true)
    let worst = zip(other.values, product.values).map { abs($0 - $1) }.max() ?? 0
    #expect(worst < 1e-5)
  }

  @Test("an empty product is empty, and a product over nothing is zero")
  func emptyProducts() {
    #expect(LinearAlgebra.multiply(Matrix(rows: 0, columns: 4), by: random(4, 3, seed: 1)).values.isEmpty)
    #expect(
      LinearAlgebra.multiply(Matrix(rows: 2, columns: 0), by: Matrix(rows: 0, columns: 2)).values == [0, 0, 0, 0])
  }

  @Test("principal components find a line in noise, and are orthonormal")
  func componentsFindALine() throws {
    var generator = SeededGenerator(seed: 3)
    let direction: [Float] = [0.6, 0, 0.8]
    var data = Matrix(rows: 2000, columns: 3)
    for row in 0..<data.rows {
      let along = Float.random(in: -10...10, using: &generator)
      for column in 0..<3 {
        data.values[row * 3 + column] = 5 + along * direction[column] + Float.random(in: -0.1...0.1, using: &generator)
      }
    }
    let found = try LinearAlgebra.principalComponents(of: data, count: 3)
    let first = found.components[row: 0]
    #expect(abs(zip(first, direction).reduce(0) { $0 + $1.0 * $1.1 }) > 0.9999)
    #expect(found.variances[0] > 30 && found.variances[1] < 0.01)
    let gram = LinearAlgebra.multiply(found.components, by: found.components, transposed: true)
    for row in 0..<3 {
      for column in 0..<3 { #expect(abs(gram.values[row * 3 + column] - (row == column ? 1 : 0)) < 1e-5) }
    }
  }

  @Test("a row that weighs two counts as two rows")
  func weightsCount() throws {
    let data = random(40, 4, seed: 4)
    let doubled = Matrix(rows: 60, columns: 4, values: data.values + data.values.prefix(80))
    let weights = (0..<40).map { Float($0 < 20 ? 2 : 1) }
    let a = try LinearAlgebra.principalComponents(of: data, weights: weights, count: 4)
    let b = try LinearAlgebra.principalComponents(of: doubled, count: 4)
    for (x, y) in zip(a.mean + a.variances, b.mean + b.variances) { #expect(abs(x - y) < 1e-5) }
  }

  @Test("the nearest centre agrees with plain loops, and ties go to the lower index", arguments: [1, 15, 16, 17, 100])
  func nearestAgrees(count: Int) {
    var centres = random(count, 7, seed: 5)
    if count > 3 { centres.values.replaceSubrange(21..<28, with: centres[row: 1]) }  // centre 3 repeats centre 1
    var points = random(300, 7, seed: 6)
    points.values.replaceSubrange(0..<7, with: centres[row: count > 3 ? 3 : 0])
    let (indices, distances) = Codebook(centres: centres).nearest(to: points)
    for row in 0..<points.rows {
      let all = (0..<count).map { centre in
        zip(points[row: row], centres[row: centre]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      }
      let least = all.min() ?? 0
      #expect(abs(all[Int(indices[row])] - least) < 1e-5)
      #expect(abs(distances[row] - least) < 1e-5)
    }
    #expect(indices[0] == (count > 3 ? 1 : 0))
  }

  /// Columns fall off as principal components do, from steeply (the first look takes 24 of 60) to not at all (it takes
  /// all).
  @Test(
    "a search that looks at the leading columns first finds what one over all columns does", arguments: [0.8, 0.93, 1])
  func leadingColumnsFirst(fall: Float) {
    var (centres, points) = (random(700, 60, seed: 11), random(300, 60, seed: 12))
    for column in 0..<60 {
      let scale = pow(fall, Float(column))
      for row in 0..<700 { centres.values[row * 60 + column] *= scale }
      for row in 0..<300 { points.values[row * 60 + column] *= scale }
    }
    centres.values.replaceSubrange(650 * 60..<651 * 60, with: centres[row: 40])
    points.values.replaceSubrange(0..<60, with: centres[row: 40])
    let (indices, distances) = Codebook(centres: centres).nearest(to: points)
    for row in 0..<points.rows {
      let all = (0..<700).map { centre in
        zip(points[row: row], centres[row: centre]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      }
      let least = all.min() ?? 0
      #expect(abs(all[Int(indices[row])] - least) < 1e-5)
      #expect(abs(distances[row] - least) < 1e-4)
    }
    #expect(indices[0] == 40)
  }

  @Test("k-means recovers well separated clusters exactly")
  func recoversClusters() {
    var generator = SeededGenerator(seed: 7)
    var points = Matrix(rows: 900, columns: 2)
    for row in 0..<900 {
      points.values[row * 2] = Float(row % 9 % 3) * 10 + Float.random(in: -0.5...0.5, using: &generator)
      points.values[row * 2 + 1] = Float(row % 9 / 3) * 10 + Float.random(in: -0.5...0.5, using: &generator)
    }
    let (centres, error) = LinearAlgebra.kMeans(points, count: 9, iterations: 20, seed: 8)
    let owners = Codebook(centres: centres).nearest(to: points).indices
    for row in 0..<900 { #expect(owners[row] == owners[row % 9]) }
    #expect(Set(owners).count == 9)
    #expect(error < 0.5)
  }

  @Test("the same seed gives the same centres, another seed others")
  func repeatable() {
    let points = random(500, 5, seed: 9)
    let first = LinearAlgebra.kMeans(points, count: 20, iterations: 5, seed: 1)
    let again = LinearAlgebra.kMeans(points, count: 20, iterations: 5, seed: 1)
    let other = LinearAlgebra.kMeans(points, count: 20, iterations: 5, seed: 2)
    #expect(again.centres.values == first.centres.values)
    #expect(other.centres.values != first.centres.values)
  }

  @Test("with as many codes as distinct points, nothing is lost; with more, nothing breaks", arguments: [10, 25])
  func asManyCodesAsPoints(count: Int) {
    let distinct = random(10, 3, seed: 10)
    let points = Matrix(rows: 100, columns: 3, values: (0..<10).flatMap { _ in distinct.values })
    let (_, error) = LinearAlgebra.kMeans(points, count: count, iterations: 10, seed: 1)
    #expect(error < 1e-6)
  }

  @Test("matrices of the wrong size trap")
  func wrongSizesTrap() async {
    await #expect(processExitsWith: .failure) {
      _ = LinearAlgebra.multiply(Matrix(rows: 2, columns: 3), by: Matrix(rows: 2, columns: 3))
    }
    await #expect(processExitsWith: .failure) { _ = Matrix(rows: 2, columns: 3, values: [1]) }
  }
}
