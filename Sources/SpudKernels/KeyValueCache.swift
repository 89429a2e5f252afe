internal import CSpudKernels
internal import SpudErrors

/// How a cache holds keys and values.
public enum CacheFormat: String, CaseIterable, Sendable {
  case f32
  case bf16
  /// Bytes with a scale for each 32.
  case q8

  var code: spud_format {
    switch self {
    case .f32: SPUD_F32
    case .bf16: SPUD_BF16
    case .q8: SPUD_Q8_0
    }
  }

  var weightFormat: WeightFormat {
    switch self {
    case .f32: .f32
    case .bf16: .bf16
    case .q8: .q8_0
    }
  }
}

/// The keys and values of every layer, for sequences that grow on their own and may share their beginnings.
///
/// A sequence's positions lie in pages of 32, which all layers have in common: a sequence is a list of pages. Keys are
/// laid out in the same panels as weights, one a page, so that a query is multiplied by them as an input is by a
/// matrix; values are laid out position by position. A page that has another owner beside its sequence (another
/// sequence, or whoever called `retain`) is never written: who would write to it first gets a copy of its own.
@safe
package final class KeyValueCache: @unchecked Sendable {
  // `@unchecked`: one thread uses a cache at a time.

  /// Positions of one page.
  package static let positionsPerPage = PagePool.positionsPerPage

  package let shape: CacheShape
  /// The most positions that one sequence can hold.
  package let capacity: Int

  let pool: PagePool
  /// By number; nil where a sequence was released.
  private var tables: [PageTable?] = []

  /// Makes a cache without sequences.
  ///
  /// - Parameters:
  ///   - capacity: The most positions of one sequence.
  ///   - pageLimit: The most pages of all sequences together. Memory is taken as pages are first used.
  package init(shape: CacheShape, capacity: Int, pageLimit: Int) {
    precondition(capacity > 0, "an empty cache")
    self.shape = shape
    self.capacity = capacity
    pool = PagePool(shape: shape, limit: pageLimit)
  }

  /// Makes a cache with sequences 0 ..< `sequenceCount`, all of which can grow to `capacity` positions.
  ///
  /// - Throws: `SpudError` (`unavailable`) when no memory could hold it.
  package convenience init(
    layerCount: Int, headCount: Int, headWidth: Int, sequenceCount: Int, capacity: Int, format: CacheFormat
  ) throws {
    precondition(sequenceCount > 0 && capacity > 0, "an empty cache")
    let shape = CacheShape(layerCount: layerCount, headCount: headCount, headWidth: headWidth, format: format)
    let pages = Self.pageCount(of: capacity)
    let (limit, overflow) = pages.multipliedReportingOverflow(by: sequenceCount)
    guard !overflow, !limit.multipliedReportingOverflow(by: shape.pageBytes).overflow, limit <= Int(Int32.max) else {
      throw SpudError(
        .unavailable, "A cache of \(sequenceCount) sequences of \(capacity) positions does not fit in any memory.")
    }
    self.init(shape: shape, capacity: capacity, pageLimit: limit)
    for _ in 0..<sequenceCount { _ = makeSequence(expecting: capacity) }
  }

  package var layerCount: Int { shape.layerCount }
  package var headCount: Int { shape.headCount }
  package var headWidth: Int { shape.headWidth }
  package var format: CacheFormat { shape.format }
  /// Sequences that there are, and numbers between them that were released.
  package var sequenceCount: Int { tables.count }
  package var pageLimit: Int { pool.limit }
  package var freePageCount: Int { pool.freeCount }

  /// Pages that hold `length` positions.
  package static func pageCount(of length: Int) -> Int { (length + positionsPerPage - 1) / positionsPerPage }

  /// Bytes that one more token reads of a sequence that holds `length` positions.
  package func bytesRead(length: Int) -> Int {
    layerCount * headCount * (length * pool.valueStride + Self.pageCount(of: length) * pool.keyLayout.panelBytes)
  }

  /// The same of a token that attends to `budget` positions at most, but in the first layers to all; 0 is all.
  package func bytesRead(length: Int, budget: Int, layersOfAll: Int) -> Int {
    let all = bytesRead(length: length)
    guard budget > 0, length > budget, layersOfAll < layerCount else { return all }
    let bounds = headCount * length / (Self.positionsPerPage * KeyBounds.pagesPerBlock) * pool.bounds.columns * 2
    let later = layerCount - layersOfAll
    return all / layerCount * layersOfAll + bytesRead(length: budget) / layerCount * later + bounds * later
  }

  // MARK: Sequences

  /// Makes an empty sequence.
  ///
  /// - Parameter length: Positions that it is expected to grow to; its pages are then looked for side by side.
  package func makeSequence(expecting length: Int = 1) -> Int32 {
    let table = PageTable(expected: Self.pageCount(of: max(length, 1)))
    if let free = tables.firstIndex(where: { $0 == nil }) {
      tables[free] = table
      return Int32(free)
    }
    tables.append(table)
    return Int32(tables.count - 1)
  }

  /// Forgets a sequence and its number.
  package func releaseSequence(_ sequence: Int32) {
    truncate(sequence: Int(sequence), to: 0)
    tables[Int(sequence)] = nil
  }

  package func has(_ sequence: Int32) -> Bool { tables.indices.contains(Int(sequence)) && tables[Int(sequence)] != nil }

  func table(_ sequence: Int) -> PageTable {
    guard let table = tables[sequence] else { preconditionFailure("sequence \(sequence) was released") }
    return table
  }

  package func length(of sequence: Int) -> Int { table(sequence).length }

  /// Pages that `append(sequences)` would take.
  package func pagesNeeded(for sequences: [Int32]) -> Int {
    var added: [Int32: Int] = [:]
    for sequence in sequences { added[sequence, default: 0] += 1 }
    return added.reduce(0) { $0 + pagesNeeded(for: $1.key, adding: $1.value) }
  }

  private func pagesNeeded(for sequence: Int32, adding count: Int) -> Int {
    let table = table(Int(sequence))
    return Self.pageCount(of: table.length + count) - table.pages.count + (sharesLastPage(table) ? 1 : 0)
  }

  /// Whether the page that the next position belongs to has another owner.
  private func sharesLastPage(_ table: PageTable) -> Bool {
    guard table.length % Self.positionsPerPage != 0, let last = table.pages.last else { return false }
    return pool.ownerCount(of: last) > 1
  }

  /// Makes room for one token at the end of each named sequence, in order; a sequence may be named many times.
  ///
  /// - Throws: `SpudError` when a sequence would outgrow `capacity`, or there are not enough pages; the cache is
  ///   unchanged then.
  package func append(_ sequences: [Int32]) throws -> TokenPositions {
    for sequence in sequences { precondition(has(sequence), "sequence \(sequence) of \(sequenceCount)") }
    var added: [Int32: Int] = [:]
    for sequence in sequences { added[sequence, default: 0] += 1 }
    for (sequence, count) in added where length(of: Int(sequence)) + count > capacity {
      throw SpudError(
        .badData,
        "The context is full: it holds \(capacity) tokens, and \(length(of: Int(sequence))) + \(count) were asked for.")
    }
    guard pagesNeeded(for: sequences) <= pool.freeCount else {
      throw SpudError(
        .unavailable,
        "The cache is full: \(sequences.count) tokens need \(pagesNeeded(for: sequences)) pages more, and "
          + "\(pool.freeCount) of \(pool.limit) are free.")
    }
    for (sequence, count) in added.sorted(by: { $0.key < $1.key }) { try grow(table(Int(sequence)), by: count) }
    var next: [Int32: Int] = [:]
    var positions: [Int32] = []
    positions.reserveCapacity(sequences.count)
    for sequence in sequences {
      let position = next[sequence] ?? length(of: Int(sequence))
      positions.append(Int32(position))
      next[sequence] = position + 1
    }
    for (sequence, length) in next { table(Int(sequence)).length = length }
    return TokenPositions(sequences: sequences, indices: positions)
  }

  /// Makes room for `count` positions more at the end of a sequence.
  func grow(_ sequence: Int32, by count: Int) throws {
    let table = table(Int(sequence))
    guard table.length + count <= capacity, pagesNeeded(for: sequence, adding: count) <= pool.freeCount else {
      throw SpudError(
        .unavailable, "The cache is full: \(count) positions more were asked for, \(pool.freeCount) pages are free.")
    }
    try grow(table, by: count)
    table.length += count
  }

  private func grow(_ table: PageTable, by count: Int) throws {
    let before = table.pages.count
    let shared = sharesLastPage(table) ? table.pages.last : nil
    do {
      if let shared {
        let copy = try takePage(for: table)
        pool.copy(shared, to: copy)
        table.replaceLast(with: copy, in: pool)
      }
      while table.pages.count < Self.pageCount(of: table.length + count) {
        table.append(try takePage(for: table), in: pool)
      }
      if let shared { pool.release(shared) }
    } catch {
      while table.pages.count > before { pool.release(table.removeLast()) }
      if let shared, let last = table.pages.last, last != shared {
        pool.release(last)
        table.replaceLast(with: shared, in: pool)
      }
      throw error
    }
  }

  private func takePage(for table: PageTable) throws -> Int32 {
    let expected = table.expected - table.pages.count
    guard let page = try pool.take(after: table.pages.last, expecting: expected) else {
      throw SpudError(.unavailable, "The cache is full: none of its \(pool.limit) pages is free.")
    }
    return page
  }

  /// Forgets all but the first `length` positions of a sequence.
  package func truncate(sequence: Int, to length: Int) {
    let table = table(sequence)
    precondition(length >= 0 && length <= table.length, "\(length) positions of \(table.length)")
    while table.pages.count > Self.pageCount(of: length) { pool.release(table.removeLast()) }
    // What is written next is another key.
    if length < table.length, let last = table.pages.last { pool.bounds.forget(last) }
    table.length = length
  }

  /// Forgets every sequence's positions.
  package func reset() {
    for sequence in tables.indices where tables[sequence] != nil { truncate(sequence: sequence, to: 0) }
  }

  // MARK: Pages

  /// The pages of a sequence, in order; the last may not be full.
  package func pages(of sequence: Int32) -> [Int32] { table(Int(sequence)).pages }

  /// Makes whole pages, which others own too, the beginning of an empty sequence.
  package func adopt(_ pages: [Int32], by sequence: Int32) {
    let table = table(Int(sequence))
    precondition(table.length == 0, "a sequence that holds positions cannot begin anew")
    for page in pages {
      pool.retain(page)
      table.append(page, in: pool)
    }
    table.length = pages.count * Self.positionsPerPage
  }

  /// Keeps a page even when its sequence forgets it.
  package func retain(_ page: Int32) { pool.retain(page) }

  /// Ends what `retain` began.
  package func release(_ page: Int32) { pool.release(page) }

  /// How many own a page.
  package func ownerCount(of page: Int32) -> Int { pool.ownerCount(of: page) }
}
