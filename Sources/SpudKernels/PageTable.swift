/// The pages of one sequence, in order, and where kernels find them.
@safe
final class PageTable {
  /// Positions held.
  var length = 0
  /// Pages that the sequence is expected to need in all.
  var expected: Int
  private(set) var pages: [Int32] = []
  /// `[pages]`: where each page's keys and values begin, less the offset of the layer and the head.
  private(set) var keys: UnsafeMutablePointer<UnsafePointer<UInt8>?>
  private(set) var values: UnsafeMutablePointer<UnsafePointer<UInt8>?>
  private var room = 16
  /// `[pairs]`: where the bounds of each pair of pages begin that `bounds(ofPairs:in:)` was asked for.
  private var pairBounds: [UnsafePointer<UInt8>?] = unsafe []

  init(expected: Int) {
    self.expected = expected
    unsafe keys = .allocate(capacity: 16)
    unsafe values = .allocate(capacity: 16)
  }

  deinit {
    unsafe keys.deallocate()
    unsafe values.deallocate()
  }

  func append(_ page: Int32, in pool: PagePool) {
    if pages.count == room { grow() }
    // SAFETY: `grow` keeps room for one more.
    unsafe (keys + pages.count).initialize(to: UnsafePointer(pool.keyBase(of: page)))
    unsafe (values + pages.count).initialize(to: UnsafePointer(pool.valueBase(of: page)))
    pages.append(page)
  }

  /// Puts `page` in the place of the last one.
  func replaceLast(with page: Int32, in pool: PagePool) {
    _ = removeLast()
    append(page, in: pool)
  }

  func removeLast() -> Int32 {
    let page = pages.removeLast()
    if unsafe pairBounds.count > pages.count / 2 { unsafe pairBounds.removeLast() }
    return page
  }

  /// Where the bounds of pairs of pages begin, less the offset of the layer and the head: of `count` pairs, or more.
  ///
  /// - Throws: `SpudError` (`unavailable`) when there is no memory for bounds.
  func bounds(ofPairs count: Int, in pool: PagePool) throws -> [UnsafePointer<UInt8>?] {
    while unsafe pairBounds.count < count {
      let page = unsafe pages[2 * pairBounds.count + 1]
      try pool.bounds.makeRoom(for: page)
      unsafe pairBounds.append(UnsafePointer(pool.bounds.base(of: page)))
    }
    return unsafe pairBounds
  }

  private func grow() {
    let larger = UnsafeMutablePointer<UnsafePointer<UInt8>?>.allocate(capacity: 2 * room)
    let largerValues = UnsafeMutablePointer<UnsafePointer<UInt8>?>.allocate(capacity: 2 * room)
    // SAFETY: both old tables hold `pages.count` pointers, and the new ones twice their room.
    unsafe larger.initialize(from: keys, count: pages.count)
    unsafe largerValues.initialize(from: values, count: pages.count)
    unsafe keys.deallocate()
    unsafe values.deallocate()
    unsafe keys = larger
    unsafe values = largerValues
    room *= 2
  }
}
