/// Merges the symbols of a word, lowest rank first and leftmost among equals, until no neighbours merge.
///
/// The symbols are a linked list in an array, the candidates a heap of (rank, position).
///
/// - Complexity: O(n log n) for a word of n symbols, with no allocation once the buffers have grown.
struct BytePairMerger {
  private var symbols: [Int32] = []  // `merged` once the symbol belongs to the one before it
  private var next: [Int32] = []
  private var previous: [Int32] = []
  private var heap: [UInt64] = []  // rank << 32 | position; smallest first
  private static let merged: Int32 = -1

  /// Starts a word.
  mutating func removeAll() { symbols.removeAll(keepingCapacity: true) }

  /// Appends a symbol to the word; a word has fewer than 2³¹.
  mutating func append(_ symbol: Int32) { symbols.append(symbol) }

  /// Merges the word and appends what remains to `output`.
  mutating func merge(with table: MergeTable, into output: inout [Int32]) {
    let count = symbols.count
    guard count > 1 else {
      output.append(contentsOf: symbols)
      return
    }
    next.removeAll(keepingCapacity: true)
    previous.removeAll(keepingCapacity: true)
    heap.removeAll(keepingCapacity: true)
    for index in 0..<count {
      next.append(index + 1 < count ? Int32(index + 1) : -1)
      previous.append(Int32(index - 1))
      if index + 1 < count, let merge = table.merge(of: symbols[index], symbols[index + 1]) {
        heap.append(UInt64(merge.rank) << 32 | UInt64(index))
      }
    }
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(from: index) }

    while let candidate = popSmallest() {
      let position = Int(candidate & 0xFFFF_FFFF)
      let right = Int(next[position])
      // The candidate may be out of date: either symbol may have been merged since.
      guard symbols[position] != Self.merged, right >= 0,
        let merge = table.merge(of: symbols[position], symbols[right]), UInt64(merge.rank) == candidate >> 32
      else { continue }
      symbols[position] = merge.result
      symbols[right] = Self.merged
      next[position] = next[right]
      if next[right] >= 0 { previous[Int(next[right])] = Int32(position) }
      pushCandidate(at: position, table)
      if previous[position] >= 0 { pushCandidate(at: Int(previous[position]), table) }
    }
    var index: Int32 = 0
    while index >= 0 {
      output.append(symbols[Int(index)])
      index = next[Int(index)]
    }
  }

  private mutating func pushCandidate(at position: Int, _ table: MergeTable) {
    guard next[position] >= 0, let merge = table.merge(of: symbols[position], symbols[Int(next[position])])
    else { return }
    heap.append(UInt64(merge.rank) << 32 | UInt64(position))
    var index = heap.count - 1
    while index > 0 {
      let parent = (index - 1) / 2
      guard heap[index] < heap[parent] else { break }
      heap.swapAt(index, parent)
      index = parent
    }
  }

  private mutating func popSmallest() -> UInt64? {
    guard let smallest = heap.first, let last = heap.popLast() else { return nil }
    if !heap.isEmpty {
      heap[0] = last
      siftDown(from: 0)
    }
    return smallest
  }

  private mutating func siftDown(from start: Int) {
    let item = heap[start]
    var index = start
    while true {
      var child = 2 * index + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < item else { break }
      heap[index] = heap[child]
      index = child
    }
    heap[index] = item
  }
}
