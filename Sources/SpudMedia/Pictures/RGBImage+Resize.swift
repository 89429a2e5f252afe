import Glibc

extension RGBImage {
  /// How a resized pixel weighs its neighbours.
  public enum Filter: String, Sendable, CaseIterable {
    case box, bilinear, bicubic, lanczos

    /// The distance beyond which a neighbour weighs nothing, in pixels of the coarser picture.
    var support: Double {
      switch self {
      case .box: 0.5
      case .bilinear: 1
      case .bicubic: 2
      case .lanczos: 3
      }
    }

    func weight(at x: Double) -> Double {
      let distance = abs(x)
      switch self {
      case .box:
        return x > -0.5 && x <= 0.5 ? 1 : 0
      case .bilinear:
        return max(0, 1 - distance)
      case .bicubic:
        // Keys' cubic with a = −1/2.
        if distance < 1 { return (1.5 * distance - 2.5) * distance * distance + 1 }
        return distance < 2 ? ((-0.5 * distance + 2.5) * distance - 4) * distance + 2 : 0
      case .lanczos:
        return distance < 3 ? sinc(x) * sinc(x / 3) : 0
      }
    }

    private func sinc(_ x: Double) -> Double {
      x == 0 ? 1 : sin(.pi * x) / (.pi * x)
    }
  }

  /// The picture at another size, antialiased: when it shrinks, the filter widens to cover every source pixel.
  ///
  /// One axis, rounded to 8 bits, then the other, with weights rounded to 22 fractional bits: Pillow 13's
  /// arithmetic, so that a picture prepared by `PIL.Image.resize` gives the same pixels.
  ///
  /// - Precondition: both sides are positive.
  public func resized(width newWidth: Int, height newHeight: Int, filter: Filter = .bicubic) -> RGBImage {
    precondition(newWidth > 0 && newHeight > 0, "cannot resize to \(newWidth)×\(newHeight)")
    // Columns come first only where that saves much: they lose more than twice as many pixels as the rows.
    let columnsFirst = newHeight < height && height - newHeight > 2 * (width - newWidth)
    let half = columnsFirst ? resizedColumns(to: newHeight, filter) : resizedRows(to: newWidth, filter)
    return columnsFirst ? half.resizedRows(to: newWidth, filter) : half.resizedColumns(to: newHeight, filter)
  }

  /// The picture with neither side longer than `side`, in its shape; as it is if it fits.
  func reduced(toSide side: Int) -> RGBImage {
    let longest = max(width, height)
    guard longest > side else { return self }
    func reduced(_ length: Int) -> Int { max((length * side + longest / 2) / longest, 1) }
    return resized(width: reduced(width), height: reduced(height), filter: .box)
  }

  private func resizedRows(to newWidth: Int, _ filter: Filter) -> RGBImage {
    guard newWidth != width else { return self }
    let taps = ResizeTaps(from: width, to: newWidth, filter)
    var output = [UInt8](repeating: 0, count: newWidth * height * 3)
    let (source, weights) = (pixels.span, taps.weights.span)
    var target = output.mutableSpan
    for row in 0..<height {
      for column in 0..<newWidth {
        var (red, green, blue) = (ResizeTaps.half, ResizeTaps.half, ResizeTaps.half)
        var pixel = (row * width + taps.first[column]) * 3
        for tap in taps.range(of: column) {
          let weight = weights[tap]
          red += weight * Int(source[pixel])
          green += weight * Int(source[pixel + 1])
          blue += weight * Int(source[pixel + 2])
          pixel += 3
        }
        let place = (row * newWidth + column) * 3
        target[place] = ResizeTaps.rounded(red)
        target[place + 1] = ResizeTaps.rounded(green)
        target[place + 2] = ResizeTaps.rounded(blue)
      }
    }
    return RGBImage(width: newWidth, height: height, pixels: output)
  }

  private func resizedColumns(to newHeight: Int, _ filter: Filter) -> RGBImage {
    guard newHeight != height else { return self }
    let taps = ResizeTaps(from: height, to: newHeight, filter)
    let rowBytes = width * 3
    var output = [UInt8](repeating: 0, count: rowBytes * newHeight)
    var sums = [Int](repeating: 0, count: rowBytes)
    let (source, weights) = (pixels.span, taps.weights.span)
    var target = output.mutableSpan
    var sum = sums.mutableSpan
    for row in 0..<newHeight {
      for byte in 0..<rowBytes { sum[byte] = ResizeTaps.half }
      var start = taps.first[row] * rowBytes
      for tap in taps.range(of: row) {
        let weight = weights[tap]
        for byte in 0..<rowBytes { sum[byte] += weight * Int(source[start + byte]) }
        start += rowBytes
      }
      for byte in 0..<rowBytes { target[row * rowBytes + byte] = ResizeTaps.rounded(sum[byte]) }
    }
    return RGBImage(width: width, height: newHeight, pixels: output)
  }
}

/// For every output coordinate along one axis: the first source coordinate, and the weights from there on.
private struct ResizeTaps {
  /// Fractional bits of a weight.
  static let precision = 22
  /// One half, so that the shift in `rounded` rounds.
  static let half = 1 << (precision - 1)

  private(set) var first: [Int] = []  // [to]
  private(set) var weights: [Int] = []  // one run for each output coordinate
  private var starts = [0]  // [to + 1], into `weights`

  init(from oldCount: Int, to newCount: Int, _ filter: RGBImage.Filter) {
    let scale = Double(oldCount) / Double(newCount)
    let widening = max(scale, 1)
    let support = filter.support * widening
    for coordinate in 0..<newCount {
      let center = (Double(coordinate) + 0.5) * scale
      let low = max(0, Int(center - support + 0.5))
      let high = min(oldCount, Int(center + support + 0.5))
      let values = (low..<high).map { filter.weight(at: (Double($0) - center + 0.5) / widening) }
      let total = values.reduce(0, +)
      first.append(low)
      for value in values {
        let share = total == 0 ? value : value / total
        weights.append(Int((share * Double(1 << Self.precision)).rounded(.toNearestOrAwayFromZero)))
      }
      starts.append(weights.count)
    }
  }

  func range(of coordinate: Int) -> Range<Int> {
    starts[coordinate]..<starts[coordinate + 1]
  }

  static func rounded(_ sum: Int) -> UInt8 {
    UInt8(clamping: sum >> precision)
  }
}
