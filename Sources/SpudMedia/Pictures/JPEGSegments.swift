/// The segments of a JPEG file, as far as they are whole.
struct JPEGSegments {
  /// Whether the file goes to its end marker.
  private(set) var isWhole = false
  /// Whether the picture comes in several scans of growing detail.
  private(set) var isProgressive = false
  /// The offset after the last whole segment, or after the last pixel data of a scan.
  private var end = 2
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    var offset = 2
    while offset < bytes.count {
      // Stray bytes and fill bytes may precede a marker.
      guard bytes[offset] == 0xFF, offset + 1 < bytes.count, !(bytes[offset + 1] == 0 || bytes[offset + 1] == 0xFF)
      else {
        offset += 1
        continue
      }
      let marker = bytes[offset + 1]
      if marker == 0xD9 {
        isWhole = true
        return
      }
      offset += 2
      if 0xD0...0xD8 ~= marker || marker == 1 { continue }
      guard let length = bytes.bigEndian(at: offset, bytes: 2), length >= 2, offset + length <= bytes.count else {
        return
      }
      if [0xC2, 0xC6, 0xCA, 0xCE].contains(marker) { isProgressive = true }
      offset += length
      if marker == 0xDA { offset = scanEnd(from: offset) }
      end = offset
    }
  }

  /// The file up to its last whole segment, with an end marker. A decoder refuses a file that is cut inside a table,
  /// and takes one that is cut inside its pixels.
  var ended: [UInt8] { Array(bytes[..<min(end, bytes.count)]) + [0xFF, 0xD9] }

  /// The file with fewer of its last pixels, to see which of them the decoder reached.
  var shortened: [UInt8] { Array(bytes[..<max(min(end, bytes.count) - 16, 2)]) + [0xFF, 0xD9] }

  /// The offset after the pixel data that start at `start`: of the next marker, or the end of the file.
  private func scanEnd(from start: Int) -> Int {
    var offset = start
    while offset + 1 < bytes.count {
      // A zero makes the byte before it data; restart markers lie within a scan.
      if bytes[offset] == 0xFF, bytes[offset + 1] != 0, !(0xD0...0xD7 ~= bytes[offset + 1]) { return offset }
      offset += 1
    }
    return bytes.last == 0xFF ? bytes.count - 1 : bytes.count
  }
}
