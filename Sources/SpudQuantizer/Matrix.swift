/// A dense matrix of `Float`, `[rows, columns]`, row-major.
package struct Matrix: Sendable, Equatable {
  package let rows: Int
  package let columns: Int
  package var values: [Float]  // [rows, columns]

  package init(rows: Int, columns: Int, values: [Float]) {
    precondition(values.count == rows * columns, "\(values.count) values do not fill a [\(rows), \(columns)] matrix")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  package init(rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, values: [Float](repeating: 0, count: rows * columns))
  }

  /// The values of one row.
  package subscript(row row: Int) -> ArraySlice<Float> { values[row * columns..<(row + 1) * columns] }

  /// The rows at `indices`, in that order.
  package func selecting(_ indices: some Sequence<Int>) -> Matrix {
    var selected: [Float] = []
    var count = 0
    for index in indices {
      selected += self[row: index]
      count += 1
    }
    return Matrix(rows: count, columns: columns, values: selected)
  }
}
