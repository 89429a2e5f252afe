/// Which pixels of a PNG a decoder reached before it failed, told from two runs whose unread pixels differ.
struct PNGRows {
  private let pixels: [UInt8]  // [height, rowBytes]
  private let isRead: [Bool]  // [height, rowBytes]
  private let rowBytes: Int

  /// - Parameters:
  ///   - first: `[height, rowBytes]`, and `second` alike.
  init(_ first: [UInt8], _ second: [UInt8], rowBytes: Int) {
    pixels = first
    isRead = zip(first, second).map { $0 == $1 }
    self.rowBytes = rowBytes
  }

  /// Rows from the top of which something was read.
  var count: Int {
    (isRead.lastIndex(of: true) ?? -1) / rowBytes + (isRead.contains(true) ? 1 : 0)
  }

  /// Whether the picture came in passes of increasing resolution, so that rows were read in part.
  var isInterlaced: Bool {
    isRead.prefix(count * rowBytes).contains(false)
  }

  /// The pixels, where a finer pass is missing from the coarser one that came before it.
  func filled(channels: Int) -> [UInt8] {
    var output = pixels
    let width = rowBytes / channels
    // The corners of the blocks that each of the seven passes completes, from fine to coarse.
    let blocks = [(1, 2), (2, 2), (2, 4), (4, 4), (4, 8), (8, 8)]
    for row in 0..<pixels.count / rowBytes {
      for column in 0..<width where !isRead[row * rowBytes + column * channels] {
        let corners = blocks.lazy.map { (row / $0.0 * $0.0) * rowBytes + (column / $0.1 * $0.1) * channels }
        guard let corner = corners.first(where: { isRead[$0] }) else { continue }
        let place = row * rowBytes + column * channels
        for channel in 0..<channels { output[place + channel] = pixels[corner + channel] }
      }
    }
    return output
  }
}
