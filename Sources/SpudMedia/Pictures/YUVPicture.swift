/// A picture as video codecs hold it: brightness, and two differences of colour, which often have fewer samples.
struct YUVPicture {
  let width, height: Int
  /// Bits of a sample, 8 to 16.
  let depth: Int
  /// Samples of colour per row and column; nil if there are none, and the picture is gray.
  let chroma: (width: Int, height: Int)?
  let luma: [UInt16]  // [height, width]
  let blue, red: [UInt16]  // [chroma.height, chroma.width]

  /// How samples become red, green and blue.
  struct Coding: Equatable {
    /// ITU-T H.273's matrix coefficients: 1 for BT.709, 5 and 6 for BT.601, 9 for BT.2020.
    var matrix = 6
    /// Whether samples use all of their range, rather than 16 to 235 (and 240) of 8 bits.
    var isFullRange = true
    /// Whether coefficients are rounded to six bits, as libyuv has them, whose pixels AVIF's own library gives.
    var isCoarse = true
  }

  /// The picture in sRGB. Colours between samples are interpolated linearly, three parts of the nearer one to one of
  /// the other, with samples of colour in the middle of the pixels that share them.
  func rgb(_ coding: Coding) -> RGBImage {
    let (blue, red) = (enlarged(blue, coding), enlarged(red, coding))
    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height * 3)
    let tables = YUVTables(coding, depth: depth)
    for index in 0..<width * height {
      let gray = tables.luma[Int(luma[index])]
      guard chroma != nil else {
        pixels += repeatElement(tables.value(gray), count: 3)
        continue
      }
      let (u, v) = (Int(blue[index]), Int(red[index]))
      pixels.append(tables.value(gray + tables.redFromRed[v]))
      pixels.append(tables.value(gray - tables.greenFromBlue[u] - tables.greenFromRed[v]))
      pixels.append(tables.value(gray + tables.blueFromBlue[u]))
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  /// The brightness alone, 0 to 255: what a plane of transparency holds.
  func levels(isFullRange: Bool) -> [UInt8] {
    let tables = YUVTables(Coding(isFullRange: isFullRange, isCoarse: false), depth: depth)
    return luma.map { tables.value(tables.luma[Int($0)]) }
  }

  /// A plane of colour with one sample for each pixel.
  private func enlarged(_ plane: [UInt16], _ coding: Coding) -> [UInt16] {
    guard let chroma else { return [] }
    let (isHalfWide, isHalfHigh) = (chroma.width < width, chroma.height < height)
    guard isHalfWide || isHalfHigh else { return plane }
    var output: [UInt16] = []
    output.reserveCapacity(width * height)
    for row in 0..<height {
      let (near, far) = isHalfHigh ? Self.neighbours(row, chroma.height) : (row, row)
      for column in 0..<width {
        var (left, right) = isHalfWide ? Self.neighbours(column, chroma.width) : (column, column)
        // libyuv leaves the last column of an odd number as it is.
        if coding.isCoarse, column == width - 1 { right = left }
        func sample(_ row: Int, _ column: Int) -> Int { Int(plane[row * chroma.width + column]) }
        let sum = 9 * sample(near, left) + 3 * (sample(near, right) + sample(far, left)) + sample(far, right)
        output.append(UInt16((sum + 8) >> 4))
      }
    }
    return output
  }

  /// The sample that covers a pixel, and the next one on its other side.
  private static func neighbours(_ pixel: Int, _ count: Int) -> (near: Int, far: Int) {
    let near = min(pixel / 2, count - 1)
    return (near, min(max(pixel % 2 == 0 ? near - 1 : near + 1, 0), count - 1))
  }
}

/// What each value of a sample adds to a colour, in fixed-point numbers.
private struct YUVTables {
  let luma, redFromRed, greenFromRed, greenFromBlue, blueFromBlue: [Int]  // [2^depth]
  private let shift: Int

  init(_ coding: YUVPicture.Coding, depth: Int) {
    // The shares of red and blue in brightness.
    let (red, blue) =
      switch coding.matrix {
      case 1: (0.2126, 0.0722)
      case 4: (0.30, 0.11)
      case 7: (0.212, 0.087)
      case 9, 10: (0.2627, 0.0593)
      default: (0.299, 0.114)
      }
    let green = 1 - red - blue
    let isCoarse = coding.isCoarse
    let shift = isCoarse ? 6 : 20
    let scale = 1 << (depth - 8)
    let range = coding.isFullRange ? Double(256 * scale - 1) : Double(219 * scale)
    let colourRange = coding.isFullRange ? isCoarse ? Double(255 * scale) : range : Double(224 * scale)
    let black = coding.isFullRange ? 0 : 16 * scale
    let values = 0..<256 * scale

    func table(_ factor: Double) -> [Int] {
      let exact = factor * 255 / (isCoarse ? colourRange / Double(scale) : colourRange) * Double(1 << shift)
      // libyuv keeps coefficients in a signed byte where the sign is known: 128 is the largest.
      let coefficient = isCoarse ? min(Int(exact.rounded()), 128) : Int(exact.rounded())
      // libyuv drops the bits of colours beyond eight.
      return values.map { isCoarse ? ($0 / scale - 128) * coefficient : ($0 - 128 * scale) * coefficient }
    }
    redFromRed = table(2 * (1 - red))
    blueFromBlue = table(2 * (1 - blue))
    greenFromRed = table(2 * (1 - red) * red / green)
    greenFromBlue = table(2 * (1 - blue) * blue / green)
    if isCoarse {
      let gain = coding.isFullRange ? 16_320 : 18_997
      let bias = coding.isFullRange ? 32 : -1_160
      luma = values.map { value in
        // The value spread over sixteen bits, by repeating its own.
        let spread = depth == 8 ? value * 0x101 : value << (16 - depth) | value >> (2 * depth - 16)
        return ((spread * gain) >> 16) + bias
      }
    } else {
      let gain = 255 / range * Double(1 << shift)
      luma = values.map { Int((Double($0 - black) * gain).rounded()) + (1 << (shift - 1)) }
    }
    self.shift = shift
  }

  func value(_ sum: Int) -> UInt8 { UInt8(clamping: sum >> shift) }
}
