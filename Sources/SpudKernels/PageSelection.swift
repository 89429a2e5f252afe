internal import CSpudKernels

/// Which pages of a sequence a query attends to, where it may attend to fewer than all.
///
/// The first two pages are always among them, and the most recent ones, an eighth of the budget; of the others those
/// two at a time whose keys could, by their bounds, mean most to the query. Query heads that share keys choose
/// together: a pair of pages is worth what it is worth to the head that it means most to, compared with the best that
/// this head sees.
@safe
struct PageSelection {
  /// The fewest positions that a budget may have.
  static let leastBudget = 256

  /// Pages of the sequence up to the query's own, which may not be full.
  let pageCount: Int
  /// The first of the recent pages: an even number.
  let firstRecent: Int
  /// Pairs to choose, apart from the first and the recent ones.
  let choiceCount: Int
  /// `[firstRecent / 2]` or more: where the bounds of each pair begin, less the offset of the layer and the head.
  let bounds: [UnsafePointer<UInt8>?]
  /// Pages of pairs that have no bounds yet.
  let missing: [(first: Int32, second: Int32)]

  /// - Parameters:
  ///   - length: Positions that the query sees, more than `budget`.
  ///   - layer: Bounds that this layer has not yet are noted as missing.
  /// - Throws: `SpudError` (`unavailable`) when there is no memory for bounds.
  init(of table: PageTable, length: Int, budget: Int, layer: Int, in pool: PagePool) throws {
    pageCount = (length + 31) / 32
    let budgetPages = max(budget, Self.leastBudget) / 32
    firstRecent = max(2, (pageCount - max(2, budgetPages / 8)) / 2 * 2)
    choiceCount = max(0, (budgetPages - (pageCount - firstRecent) - 2) / 2)
    unsafe bounds = try table.bounds(ofPairs: firstRecent / 2, in: pool)
    missing = pool.bounds.missing(table.pages, pairs: firstRecent / 2, layer: layer)
  }

  /// Pages that are to have bounds when the layer is done.
  var pagesOfMissing: [Int32] { missing.map(\.second) }

  /// Pages that are attended to.
  var chosenCount: Int { 2 + 2 * min(choiceCount, firstRecent / 2 - 1) + pageCount - firstRecent }

  /// Chooses for the heads of one group.
  ///
  /// - Parameters:
  ///   - queries: For each head of the group, its query.
  ///   - layerOffset: Bytes from `bounds` to the rows of the layer and the key-value head.
  ///   - take: Is told each page's index in the sequence, ascending.
  func choose(
    for queries: [UnsafePointer<Float>], headWidth: Int, columns: Int, layerOffset: Int,
    kernels: UnsafePointer<spud_kernels>, take: (Int) -> Void
  ) {
    let pairs = firstRecent / 2
    unsafe withUnsafeTemporaryAllocation(byteCount: 4 * (columns + 3 * pairs), alignment: 64) { room in
      guard let base = unsafe room.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
      // SAFETY: `room` has columns + 3 · pairs floats.
      let (query, scores) = unsafe (base, base + columns)
      let (worth, order) = unsafe (scores + pairs, scores + 2 * pairs)
      unsafe query.initialize(repeating: 0, count: columns)
      for unsafe(index, values) in unsafe queries.enumerated() {
        for column in 0..<headWidth {
          unsafe query[column] = min(values[column], 0)
          unsafe query[headWidth + column] = max(values[column], 0)
        }
        unsafe bounds.withUnsafeBufferPointer { rows in
          var task = unsafe spud_bounds()
          unsafe task.rows = rows.baseAddress
          unsafe task.offset = layerOffset
          unsafe task.count = Int64(pairs)
          unsafe task.query = UnsafePointer(query)
          unsafe task.columns = Int64(columns)
          unsafe task.scores = scores
          unsafe kernels.pointee.bounds(&task)
        }
        var best = -Float.infinity
        for pair in 1..<pairs { unsafe best = max(best, scores[pair]) }
        for pair in 1..<pairs {
          // What is not a number comes of keys that are none: those are looked at.
          let value = unsafe scores[pair] - best
          unsafe worth[pair] = max(index == 0 ? -.infinity : worth[pair], value.isNaN ? .infinity : value)
        }
      }
      take(0)
      take(1)
      unsafe Self.takeLargest(choiceCount, of: worth, 1..<pairs, room: order) { pair in
        take(2 * pair)
        take(2 * pair + 1)
      }
      for page in firstRecent..<pageCount { take(page) }
    }
  }

  /// Tells the indices of the `count` largest values, ascending; of equal ones the later.
  static func takeLargest(
    _ count: Int, of values: UnsafePointer<Float>, _ range: Range<Int>, room: UnsafeMutablePointer<Float>,
    take: (Int) -> Void
  ) {
    guard count < range.count else { return range.forEach(take) }
    guard count > 0 else { return }
    let least = unsafe nthLargest(count, of: values + range.lowerBound, range.count, room: room)
    var (above, equal) = (0, 0)
    for index in range {
      unsafe above += values[index] > least ? 1 : 0
      unsafe equal += values[index] == least ? 1 : 0
    }
    var passed = equal - (count - above)
    for index in range {
      if unsafe values[index] == least {
        passed -= 1
        if passed >= 0 { continue }
      } else if unsafe values[index] < least {
        continue
      }
      take(index)
    }
  }

  /// The value that `count - 1` others are not below; none is NaN.
  ///
  /// Most are told apart by their sign, exponent and first two bits; only those that are alike in these are sorted.
  private static func nthLargest(
    _ count: Int, of values: UnsafePointer<Float>, _ total: Int, room: UnsafeMutablePointer<Float>
  ) -> Float {
    /// Ascending with the values.
    func bin(_ value: Float) -> Int {
      let bits = value.bitPattern
      return Int((bits ^ (bits >> 31 == 0 ? 1 << 31 : .max)) >> 21)
    }
    return unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: 1 << 11) { counts in
      unsafe counts.initialize(repeating: 0)
      // SAFETY: a bin has 11 bits; `room` holds as many values as there are.
      for index in 0..<total { unsafe counts[bin(values[index])] += 1 }
      var (chosen, left) = (counts.count - 1, count)
      while unsafe Int(counts[chosen]) < left {
        unsafe left -= Int(counts[chosen])
        chosen -= 1
      }
      var alike = 0
      for index in 0..<total where unsafe bin(values[index]) == chosen {
        unsafe room[alike] = values[index]
        alike += 1
      }
      return unsafe nthLargest(left, of: room, alike)
    }
  }

  /// The value that `count - 1` others are not below. Reorders the values.
  private static func nthLargest(_ count: Int, of values: UnsafeMutablePointer<Float>, _ total: Int) -> Float {
    var (low, high) = (0, total - 1)
    let target = count - 1
    while low < high {
      // SAFETY: all indices lie within low...high.
      let pivot = unsafe values[(low + high) / 2]
      var (i, j) = (low, high)
      while i <= j {
        while unsafe values[i] > pivot { i += 1 }
        while unsafe values[j] < pivot { j -= 1 }
        if i <= j {
          let value = unsafe values[i]
          unsafe values[i] = values[j]
          unsafe values[j] = value
          i += 1
          j -= 1
        }
      }
      if target <= j { high = j } else if target >= i { low = i } else { break }
    }
    return unsafe values[target]
  }
}
