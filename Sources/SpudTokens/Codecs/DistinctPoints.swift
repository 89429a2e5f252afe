package import SpudQuantizer

/// Training vectors with duplicates folded together.
///
/// A flat background fills most patches of a drawn scene, and silence most frames of a recording. Counted as often as
/// they occur, they would take the codes that edges and letters need; so a vector seen n times weighs √n.
package struct DistinctPoints {
  package let width: Int
  private let limit: Int
  private var rows: [[UInt8]: Int] = [:]  // bytes → row
  private var counts: [Int] = []

  /// - Parameter limit: the most distinct vectors that are kept.
  package init(width: Int, limit: Int) {
    self.width = width
    self.limit = limit
  }

  package var count: Int { counts.count }
  package var isFull: Bool { counts.count >= limit }

  /// Counts one vector of `width` bytes; a new one is dropped once the limit is reached.
  package mutating func insert(_ bytes: [UInt8]) {
    precondition(bytes.count == width, "a vector has \(width) bytes")
    if let row = rows[bytes] {
      counts[row] += 1
    } else if !isFull {
      rows[bytes] = counts.count
      counts.append(1)
    }
  }

  /// The vectors, with `value` applied to each byte, and their weights.
  package func points(_ value: (UInt8) -> Float) -> (points: Matrix, weights: [Float]) {
    let table = (0...255).map { value(UInt8($0)) }
    var matrix = Matrix(rows: counts.count, columns: width)
    for (bytes, row) in rows {
      for (column, byte) in bytes.enumerated() { matrix.values[row * width + column] = table[Int(byte)] }
    }
    return (matrix, counts.map { Float($0).squareRoot() })
  }
}
