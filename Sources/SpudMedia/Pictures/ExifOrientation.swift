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

  /// Finds the orientation in EXIF as other formats hold it: a TIFF structure, in some files after JPEG's introduction.
  init(exif bytes: ArraySlice<UInt8>) {
    let introduction = Array("Exif\0\0".utf8)
    self = Self(tiff: bytes.starts(with: introduction) ? bytes.dropFirst(introduction.count) : bytes) ?? .upright
  }

  /// Reads tag 0x0112 of the first directory of a TIFF structure.
  init?(tiff bytes: ArraySlice<UInt8>) {
    guard let value = TIFFReader(bytes)?.values(of: 0x0112), value.count == 1 else { return nil }
    self.init(rawValue: value[0])
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
