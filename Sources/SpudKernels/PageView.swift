/// The memory of one page of a cache, for whoever copies it out or in. It keeps the memory alive, not the page: who
/// uses it sees to it that the page has an owner, and that nobody else writes it.
@safe
package struct PageView: @unchecked Sendable {
  // `@unchecked`: places only; the page's bytes are written by one owner before others know of it, and never after.
  private let pool: PagePool
  private let keys: UnsafeMutablePointer<UInt8>
  private let values: UnsafeMutablePointer<UInt8>

  init(_ page: Int32, of pool: PagePool) {
    self.pool = pool
    unsafe keys = pool.keyBase(of: page)
    unsafe values = pool.valueBase(of: page)
  }

  /// The page's bytes, `pageBytes` of its shape in all: for each layer, the keys of each head, then the values of each
  /// head. Whoever keeps them counts on this order: `CacheShape.layout` names it.
  package var pieces: [UnsafeMutableRawBufferPointer] {
    let (shape, keyBytes, valueBytes) = (pool.shape, pool.keyBytes, pool.valueBytes)
    var pieces: [UnsafeMutableRawBufferPointer] = unsafe []
    unsafe pieces.reserveCapacity(2 * shape.layerCount * shape.headCount)
    for layer in 0..<shape.layerCount {
      for head in 0..<shape.headCount {
        // SAFETY: both offsets lie within the page's extent.
        unsafe pieces.append(.init(start: keys + pool.keyOffset(layer: layer, head: head), count: keyBytes))
      }
      for head in 0..<shape.headCount {
        unsafe pieces.append(
          .init(start: values + pool.valueOffset(layer: layer, head: head), count: valueBytes))
      }
    }
    return unsafe pieces
  }
}

extension CacheShape {
  /// How a page's bytes are to be understood, beside its shape; another name whenever that changes.
  package static let layout = "panels of 32 positions, keys then values by layer, 1"
}

extension KeyValueCache {
  /// Where a page's bytes are.
  package func view(of page: Int32) -> PageView { PageView(page, of: pool) }

  /// Makes an empty or whole-page sequence longer by whole pages that somebody else fills.
  ///
  /// - Throws: `SpudError` when it would outgrow `capacity`, or there are not enough pages; it is as it was then.
  package func extend(_ sequence: Int32, pages count: Int) throws {
    precondition(length(of: Int(sequence)) % Self.positionsPerPage == 0, "a sequence that ends within a page")
    try grow(sequence, by: count * Self.positionsPerPage)
  }
}
