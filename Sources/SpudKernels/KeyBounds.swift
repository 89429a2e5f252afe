internal import CSpudKernels

/// The least and the greatest of each column of the keys of two pages, in bfloat16, rounded outwards: what a query
/// makes of any of these 64 keys is no more than what it makes of them.
///
/// They are kept by the second page, which in every sequence follows one of the same content, and made when somebody
/// first asks for them.
@safe
final class KeyBounds {
  /// Pages whose keys are bounded together.
  static let pagesPerBlock = 2

  /// Floats of a row: the least of each column, the greatest, and zeros up to a multiple of 64.
  let columns: Int
  private let shape: CacheShape
  private let pagesPerExtent: Int
  private var extents: [PageBuffer?] = []
  /// Whether there are any, by page and layer.
  private var made: [Bool] = []

  init(shape: CacheShape, pagesPerExtent: Int) {
    self.shape = shape
    self.pagesPerExtent = pagesPerExtent
    columns = (2 * shape.headWidth).roundedUp(to: 64)
  }

  private var rowBytes: Int { 2 * columns }

  /// The pairs at the beginning of a sequence that have no bounds yet in a layer.
  ///
  /// - Parameter pages: The sequence's; there is room for the bounds of `count` pairs.
  func missing(_ pages: [Int32], pairs count: Int, layer: Int) -> [(first: Int32, second: Int32)] {
    let (made, layers) = (made, shape.layerCount)
    var missing: [(first: Int32, second: Int32)] = []
    for pair in 0..<count where !made[Int(pages[2 * pair + 1]) * layers + layer] {
      missing.append((pages[2 * pair], pages[2 * pair + 1]))
    }
    return missing
  }

  func noteMade(of page: Int32, layer: Int) { made[Int(page) * shape.layerCount + layer] = true }

  /// The page's keys are about to change.
  func forget(_ page: Int32) {
    let first = Int(page) * shape.layerCount
    guard first < made.count else { return }
    for index in first..<first + shape.layerCount { made[index] = false }
  }

  /// Sees to it that there is memory for a page's bounds.
  ///
  /// - Throws: `SpudError` (`unavailable`) when there is none.
  func makeRoom(for page: Int32) throws {
    let extent = Int(page) / pagesPerExtent
    if extent < extents.count, extents[extent] != nil { return }
    while extents.count <= extent { extents.append(nil) }
    let bytes = shape.layerCount * shape.headCount * pagesPerExtent * rowBytes
    extents[extent] = try PageBuffer(byteCount: bytes, for: "bounds of the keys of \(pagesPerExtent) pages")
    let count = extents.count * pagesPerExtent * shape.layerCount
    if made.count < count { made += Array(repeating: false, count: count - made.count) }
  }

  /// Bytes from a page's base to the row of a layer and head.
  func offset(layer: Int, head: Int) -> Int { (layer * shape.headCount + head) * pagesPerExtent * rowBytes }

  /// Where a page's rows begin, less `offset`; `makeRoom` was called for it.
  func base(of page: Int32) -> UnsafeMutablePointer<UInt8> {
    guard let extent = extents[Int(page) / pagesPerExtent] else { preconditionFailure("page \(page) has no bounds") }
    // Every other page of a sequence has rows: those of pages of one parity lie side by side.
    let place = Int(page) % pagesPerExtent
    let row = place % 2 * ((pagesPerExtent + 1) / 2) + place / 2
    // SAFETY: the extent has rows for `pagesPerExtent` pages.
    return unsafe extent.base.assumingMemoryBound(to: UInt8.self) + row * rowBytes
  }
}
