/// How a camera was held: the turn or mirroring that makes its picture upright. Raw values are EXIF's.
enum ExifOrientation: Int, CaseIterable, Sendable {
  case upright = 1
  case mirrored
  case upsideDown
  case mirroredUpsideDown
  case transposed
  case needsClockwiseQuarter
  case transversed
  case needsCounterclockwiseQuarter

  /// Whether the upright picture is as wide as the stored one is high.
  var exchangesSides: Bool { rawValue >= ExifOrientation.transposed.rawValue }

  /// Finds the orientation in the first EXIF segment of a JPEG file. A file without one, or with a damaged one,
  /// is upright: the picture itself may well be whole.
  init(jpeg bytes: [UInt8]) {
    self = Self.exifSegment(bytes).flatMap(Self.init(tiff:)) ?? .upright
  }

  /// Reads tag 0x0112 of the first directory of a TIFF structure, which is what EXIF is.
  init?(tiff bytes: ArraySlice<UInt8>) {
    let reader = TIFFReader(bytes)
    let (orientationTag, short, entrySize) = (0x0112, 3, 12)
    guard let reader, let directory = reader.number(at: 4, bytes: 4),
      let count = reader.number(at: directory, bytes: 2)
    else { return nil }
    for entry in 0..<count {
      let offset = directory + 2 + entry * entrySize
      guard let tag = reader.number(at: offset, bytes: 2) else { return nil }
      guard tag == orientationTag else { continue }
      guard reader.number(at: offset + 2, bytes: 2) == short, reader.number(at: offset + 4, bytes: 4) == 1,
        let value = reader.number(at: offset + 8, bytes: 2)
      else { return nil }
      self.init(rawValue: value)
      return
    }
    return nil
  }

  /// The TIFF structure inside the APP1 segment that starts with "Exif".
  private static func exifSegment(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    let (app1, startOfScan): (UInt8, UInt8) = (0xE1, 0xDA)
    let introduction = Array("Exif\0\0".utf8)
    var offset = 2
    while offset + 4 <= bytes.count, bytes[offset] == 0xFF {
      let marker = bytes[offset + 1]
      if marker == 0xFF {
        // A marker may be preceded by any number of fill bytes.
        offset += 1
        continue
      }
      let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
      let end = offset + 2 + length
      guard marker != startOfScan, length >= 2, end <= bytes.count else { return nil }
      let content = bytes[offset + 4..<end]
      if marker == app1, content.starts(with: introduction) { return content.dropFirst(introduction.count) }
      offset = end
    }
    return nil
  }
}

/// Numbers in a TIFF structure, in the byte order that it declares; nil beyond its end.
private struct TIFFReader {
  private let bytes: ArraySlice<UInt8>
  private let isBigEndian: Bool

  init?(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    switch Array(bytes.prefix(4)) {
    case [0x49, 0x49, 42, 0]: isBigEndian = false
    case [0x4D, 0x4D, 0, 42]: isBigEndian = true
    default: return nil
    }
  }

  func number(at offset: Int, bytes width: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - width else { return nil }
    let start = bytes.startIndex + offset
    let digits = bytes[start..<start + width]
    let ordered = isBigEndian ? Array(digits) : digits.reversed()
    return ordered.reduce(0) { $0 << 8 | Int($1) }
  }
}

extension RGBImage {
  /// The picture as it looks after the turn or mirroring.
  func oriented(by orientation: ExifOrientation) -> RGBImage {
    guard orientation != .upright else { return self }
    let (newWidth, newHeight) = orientation.exchangesSides ? (height, width) : (width, height)
    var output: [UInt8] = []
    output.reserveCapacity(pixels.count)
    for y in 0..<newHeight {
      for x in 0..<newWidth {
        let (column, row) =
          switch orientation {
          case .upright: (x, y)
          case .mirrored: (width - 1 - x, y)
          case .upsideDown: (width - 1 - x, height - 1 - y)
          case .mirroredUpsideDown: (x, height - 1 - y)
          case .transposed: (y, x)
          case .needsClockwiseQuarter: (y, height - 1 - x)
          case .transversed: (width - 1 - y, height - 1 - x)
          case .needsCounterclockwiseQuarter: (width - 1 - y, x)
          }
        let place = (row * width + column) * 3
        output.append(pixels[place])
        output.append(pixels[place + 1])
        output.append(pixels[place + 2])
      }
    }
    return RGBImage(width: newWidth, height: newHeight, pixels: output)
  }
}
