internal import CSpudKernels
internal import SpudErrors

/// The shape that every page of a cache has.
package struct CacheShape: Sendable, Equatable {
  package var layerCount: Int
  package var headCount: Int
  package var headWidth: Int
  package var format: CacheFormat

  package init(layerCount: Int, headCount: Int, headWidth: Int, format: CacheFormat) {
    precondition(layerCount > 0 && headCount > 0, "an empty cache")
    precondition(
      headWidth > 0 && headWidth <= SPUD_MAX_HEAD_WIDTH, "a head is at most \(SPUD_MAX_HEAD_WIDTH) wide")
    self.layerCount = layerCount
    self.headCount = headCount
    self.headWidth = headWidth
    self.format = format
  }

  /// One head's keys of one page.
  var keyLayout: PanelLayout {
    PanelLayout(format: format.weightFormat, rows: PagePool.positionsPerPage, columns: headWidth)
  }
  /// Bytes of one head's values at one position.
  var valueStride: Int { Int(spud_value_bytes(format.code, Int64(headWidth))) }
  /// Bytes of one head of one page: keys, then values.
  var keyBytes: Int { keyLayout.panelBytes }
  var valueBytes: Int { PagePool.positionsPerPage * valueStride }

  /// Bytes of one page: keys and values of all heads and layers.
  package var pageBytes: Int { layerCount * headCount * (keyBytes + valueBytes) }
}

/// The memory of a cache: pages of 32 positions, each with the keys and values of all layers, counted by owner.
///
/// Pages lie in extents of 16, `[layer]{keys [head, page], values [head, page, position]}`, so that consecutive pages
/// of one extent are read as one stream. Extents are mapped when they are first needed and stay.
@safe
final class PagePool {
  static let positionsPerPage = Int(SPUD_PAGE_POSITIONS)

  let shape: CacheShape
  let keyLayout: PanelLayout
  let valueStride: Int
  /// Bytes of one head of one page: keys, then values. What the shape says, which takes longer to say it.
  let keyBytes: Int
  let valueBytes: Int
  /// The most pages that there can be.
  let limit: Int
  private(set) var freeCount: Int

  /// Bounds of the keys of pages, where somebody asked for them.
  let bounds: KeyBounds

  private let pagesPerExtent: Int
  private let layerBytes: Int
  private var extents: [PageBuffer] = []
  /// Free pages of each extent.
  private var freeOf: [Int] = []
  /// Owners of each page of the extents; 0 is a free page.
  private var owners: [Int32] = []

  init(shape: CacheShape, limit: Int) {
    precondition(limit > 0, "a pool without pages")
    self.shape = shape
    self.limit = limit
    freeCount = limit
    keyLayout = shape.keyLayout
    valueStride = shape.valueStride
    keyBytes = shape.keyBytes
    valueBytes = shape.valueBytes
    pagesPerExtent = min(16, limit)
    bounds = KeyBounds(shape: shape, pagesPerExtent: pagesPerExtent)
    layerBytes = shape.headCount * pagesPerExtent * (keyBytes + valueBytes)
  }

  /// Takes a free page, with one owner: the one behind `previous` if it can, else the first of a run of free pages.
  ///
  /// - Parameter expected: How many pages the caller is going to take, as far as it knows.
  /// - Returns: Nil when none is free.
  /// - Throws: `SpudError` (`unavailable`) when the system has no memory for another extent.
  func take(after previous: Int32?, expecting expected: Int) throws -> Int32? {
    guard freeCount > 0 else { return nil }
    let page: Int
    if let previous, (Int(previous) + 1) % pagesPerExtent != 0, Int(previous) + 1 < owners.count,
      owners[Int(previous) + 1] == 0
    {
      page = Int(previous) + 1
    } else {
      page = try startOfRun(of: min(max(expected, 1), pagesPerExtent))
    }
    owners[page] = 1
    bounds.forget(Int32(page))
    freeOf[page / pagesPerExtent] -= 1
    freeCount -= 1
    return Int32(page)
  }

  /// The first page of a free run of `length`, in an extent that is there or a new one; of the longest if there is
  /// none.
  private func startOfRun(of length: Int) throws -> Int {
    var best = (start: -1, length: 0)
    for extent in extents.indices where freeOf[extent] > best.length {
      var start = extent * pagesPerExtent
      let end = min(start + pagesPerExtent, owners.count)
      while start < end {
        guard owners[start] == 0 else {
          start += 1
          continue
        }
        var stop = start
        while stop < end, owners[stop] == 0 { stop += 1 }
        if stop - start >= length { return start }
        if stop - start > best.length { best = (start, stop - start) }
        start = stop
      }
    }
    guard owners.count < limit else { return best.start }
    let fresh = owners.count
    let count = min(pagesPerExtent, limit - fresh)
    let (bytes, overflow) = layerBytes.multipliedReportingOverflow(by: shape.layerCount)
    guard !overflow else {
      throw SpudError(.unavailable, "\(pagesPerExtent) pages of a cache do not fit in any memory.")
    }
    extents.append(
      try PageBuffer(byteCount: bytes, for: "\(pagesPerExtent * Self.positionsPerPage) positions of a cache"))
    freeOf.append(count)
    owners += Array(repeating: 0, count: count)
    return fresh
  }

  func ownerCount(of page: Int32) -> Int { Int(owners[Int(page)]) }

  /// Gives a page one more owner.
  func retain(_ page: Int32) {
    precondition(owners[Int(page)] > 0, "page \(page) is free")
    owners[Int(page)] += 1
  }

  /// Takes one owner away; without owners the page is free.
  func release(_ page: Int32) {
    precondition(owners[Int(page)] > 0, "page \(page) is free")
    owners[Int(page)] -= 1
    guard owners[Int(page)] == 0 else { return }
    freeOf[Int(page) / pagesPerExtent] += 1
    freeCount += 1
  }

  /// Bytes from a page's base of keys to those of one layer and head.
  func keyOffset(layer: Int, head: Int) -> Int {
    layer * layerBytes + head * pagesPerExtent * keyBytes
  }

  /// Bytes from a page's base of values to those of one layer and head.
  func valueOffset(layer: Int, head: Int) -> Int {
    layer * layerBytes + pagesPerExtent * (shape.headCount * keyBytes + head * valueBytes)
  }

  /// Where a page's keys begin, less `keyOffset`.
  func keyBase(of page: Int32) -> UnsafeMutablePointer<UInt8> {
    // SAFETY: the page belongs to an extent that is mapped; extents stay where they are.
    unsafe extents[Int(page) / pagesPerExtent].base.assumingMemoryBound(to: UInt8.self)
      + Int(page) % pagesPerExtent * keyBytes
  }

  /// Where a page's values begin, less `valueOffset`.
  func valueBase(of page: Int32) -> UnsafeMutablePointer<UInt8> {
    // SAFETY: as in `keyBase`.
    unsafe extents[Int(page) / pagesPerExtent].base.assumingMemoryBound(to: UInt8.self)
      + Int(page) % pagesPerExtent * valueBytes
  }

  /// Copies everything that `source` holds to `target`.
  func copy(_ source: Int32, to target: Int32) {
    for layer in 0..<shape.layerCount {
      for head in 0..<shape.headCount {
        let (key, value) = (keyOffset(layer: layer, head: head), valueOffset(layer: layer, head: head))
        // SAFETY: both pages have the pool's shape.
        unsafe (keyBase(of: target) + key).update(from: keyBase(of: source) + key, count: keyBytes)
        unsafe (valueBase(of: target) + value).update(from: valueBase(of: source) + value, count: valueBytes)
      }
    }
  }
}
