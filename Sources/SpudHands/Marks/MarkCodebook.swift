package import SpudBrowser
internal import SpudErrors
internal import SpudMedia
internal import SpudTensors

/// Codes of marks: a mark's code is the patch whose squared distance is least, the first of equals.
package final class MarkCodebook {
  /// Bytes of a patch: [side, side, 3].
  static let patchBytes = Mark.side * Mark.side * 3
  /// What a patch has outside of its mark.
  private static let grey: UInt8 = 128

  package let count: Int
  /// `[count, patchBytes]`.
  private let patches: [Int16]
  /// The sum of squares of each.
  private let squares: [Int]
  private var known: [[UInt8]: Int] = [:]

  /// - Parameter patches: `[count, side, side, 3]`.
  package init(_ patches: [UInt8]) {
    precondition(patches.count % Self.patchBytes == 0, "\(patches.count) bytes are no patches")
    count = patches.count / Self.patchBytes
    self.patches = patches.map { Int16($0) }
    squares = (0..<count).map { code in
      patches[code * Self.patchBytes..<(code + 1) * Self.patchBytes].reduce(0) { $0 + Int($1) * Int($1) }
    }
  }

  /// Reads `marks.safetensors` of a model's directory.
  package convenience init(directory: String) throws {
    let path = directory + "/marks.safetensors"
    let file = try SafetensorsFile(path: path)
    guard let info = file["patches"], info.elementType == .u8, info.shape.count == 4, info.shape[0] > 0,
      Array(info.shape[1...]) == [Mark.side, Mark.side, 3]
    else {
      throw SpudError(.badData, "\(path): no tensor 'patches' of [codes, \(Mark.side), \(Mark.side), 3]")
    }
    let span = file.bytes(of: info)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(span.byteCount)
    for place in 0..<span.byteCount { bytes.append(span.loadLittleEndian(fromByteOffset: place, as: UInt8.self)) }
    self.init(bytes)
  }

  /// The mark's pixels at the upper left of a square, grey around.
  package static func patch(_ screen: Screen, _ mark: Mark) -> [UInt8] {
    var made = [UInt8](repeating: grey, count: patchBytes)
    for y in 0..<min(mark.height, Mark.side) {
      let from = ((mark.top + y) * screen.width + mark.left) * 3
      let length = min(mark.width, Mark.side) * 3
      let to = y * Mark.side * 3
      made.replaceSubrange(to..<to + length, with: screen.image.pixels[from..<from + length])
    }
    return made
  }

  /// - Complexity: O(codes · bytes of a patch) for a patch that is new.
  package func code(_ patch: [UInt8]) -> Int {
    if let code = known[patch] { return code }
    let wide = patch.map { Int16($0) }
    var (best, least) = (0, Int.max)
    for code in 0..<count {
      var product: Int32 = 0
      let first = code * Self.patchBytes
      for place in 0..<Self.patchBytes { product &+= Int32(patches[first + place]) &* Int32(wide[place]) }
      let distance = squares[code] - 2 * Int(product)
      if distance < least { (best, least) = (code, distance) }
    }
    if known.count > 100_000 { known.removeAll() }
    known[patch] = best
    return best
  }
}
