internal import CSpudKernels

/// Rows of activations, as long as these are neither resized nor gone.
@safe
struct ActivationRows {
  let base: UnsafeMutablePointer<Float>
  let rows: Int
  let columns: Int
  let stride: Int
}

/// A table of floats `[rows, columns]` that kernels read and write.
///
/// Rows start on 64-byte boundaries and are padded with zeros to a multiple of 32, which kernels may read and never
/// write. It grows when it is given more rows than ever before, and keeps its memory otherwise.
@safe
package final class Activations: @unchecked Sendable {
  // `@unchecked`: one thread uses it at a time, and the pool's threads only inside that thread's calls.
  package let columns: Int
  package private(set) var rows: Int
  /// Floats from one row to the next.
  let stride: Int
  private(set) var base: UnsafeMutablePointer<Float>
  private var capacity: Int

  package init(rows: Int = 0, columns: Int) {
    precondition(rows >= 0 && columns > 0, "activations cannot be [\(rows), \(columns)]")
    self.columns = columns
    self.rows = rows
    stride = Activations.stride(columns: columns)
    capacity = max(rows, 1)
    unsafe base = Activations.allocate(capacity * stride)
  }

  deinit { unsafe base.deallocate() }

  /// Floats from one row to the next. Rows a multiple of 1 KiB apart would fall into a few sets of the cache, so they
  /// get 128 bytes more.
  static func stride(columns: Int) -> Int {
    let padded = columns.roundedUp(to: 32)
    return padded % 256 == 0 ? padded + 32 : padded
  }

  private static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
    return unsafe bytes.initializeMemory(as: Float.self, repeating: 0, count: count)
  }

  /// Makes it `rows` high. The values of rows that it had before are kept; others are undefined but never out of
  /// bounds.
  package func resize(rows: Int) {
    precondition(rows >= 0, "activations cannot have \(rows) rows")
    if rows > capacity {
      let larger = unsafe Activations.allocate(rows * stride)
      unsafe larger.update(from: base, count: self.rows * stride)
      unsafe base.deallocate()
      unsafe base = larger
      capacity = rows
    }
    // A line that is not written stays in the caches of the other threads.
    if self.rows != rows { self.rows = rows }
  }

  /// Its rows, for tasks: to read them through the object would take each thread a line that counting references
  /// writes again and again.
  var view: ActivationRows { unsafe ActivationRows(base: base, rows: rows, columns: columns, stride: stride) }

  /// One row, `[columns]`.
  @_lifetime(borrow self)
  package func row(_ row: Int) -> Span<Float> {
    precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
    // SAFETY: the row lies within the allocation, which lives as long as `self`.
    let span = unsafe Span(_unsafeStart: UnsafePointer(base + row * stride), count: columns)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// One row, `[columns]`, to be written. No other access to the row may overlap.
  @_lifetime(borrow self)
  package func mutableRow(_ row: Int) -> MutableSpan<Float> {
    precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
    // SAFETY: as in `row(_:)`.
    let span = unsafe MutableSpan(_unsafeStart: base + row * stride, count: columns)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// A copy of one row, `[columns]`.
  package subscript(row: Int) -> [Float] {
    get {
      precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
      return unsafe Array(UnsafeBufferPointer(start: base + row * stride, count: columns))
    }
    set {
      precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
      precondition(newValue.count == columns, "a row has \(columns) values, not \(newValue.count)")
      unsafe newValue.withUnsafeBufferPointer { values in
        if let start = values.baseAddress { unsafe (base + row * stride).update(from: start, count: columns) }
      }
    }
  }

  /// Keeps only the rows at `indices`, in that order.
  package func keep(rows indices: [Int]) {
    var target = 0
    for index in indices {
      precondition(index >= target && index < rows, "rows to keep must rise and exist: \(index) of \(rows)")
      if index != target { unsafe (base + target * stride).update(from: base + index * stride, count: columns) }
      target += 1
    }
    rows = target
  }
}
