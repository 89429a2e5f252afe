internal import SpudMedia

/// A connected patch of one colour in a picture.
struct Region: Sendable {
  /// The mean colour, 0 … 255 a channel.
  var colour: (red: Double, green: Double, blue: Double)
  /// The pixels, as (x, y).
  var pixels: [(x: Int, y: Int)]

  var area: Int { pixels.count }

  /// The mean place, in pixels.
  var centre: (x: Double, y: Double) {
    let count = Double(max(1, pixels.count))
    return (
      pixels.reduce(0) { $0 + Double($1.x) } / count + 0.5, pixels.reduce(0) { $0 + Double($1.y) } / count + 0.5
    )
  }

  /// The regions of a picture that stand out from its background, largest first.
  ///
  /// The background is the median of the border's pixels. Pixels further from it than `threshold` in the RGB cube that
  /// touch (eight neighbours) belong together. Of each patch the pixels are kept that stand out at least half as much
  /// as its core does: where an edge is blurred, that is where the edge was. The colour is the core's.
  ///
  /// - Parameter leastArea: smaller specks are left out.
  static func all(in image: RGBImage, threshold: Double = 48, leastArea: Int = 16) -> [Region] {
    let width = image.width
    let height = image.height
    guard width > 0, height > 0, image.pixels.count == width * height * 3 else { return [] }
    let bytes = image.pixels
    let colours = (0..<(width * height)).map { index in
      SIMD3<Double>(Double(bytes[index * 3]), Double(bytes[index * 3 + 1]), Double(bytes[index * 3 + 2]))
    }
    let background = background(colours, width: width, height: height)
    let contrasts = colours.map { length($0 - background) }
    var isTaken = contrasts.map { $0 <= threshold }
    var regions: [Region] = []
    for start in colours.indices where !isTaken[start] {
      var patch: [Int] = []
      var queue = [start]
      isTaken[start] = true
      while let index = queue.popLast() {
        patch.append(index)
        let x = index % width
        let y = index / width
        for nextY in max(0, y - 1)...min(height - 1, y + 1) {
          for nextX in max(0, x - 1)...min(width - 1, x + 1) where !isTaken[nextY * width + nextX] {
            isTaken[nextY * width + nextX] = true
            queue.append(nextY * width + nextX)
          }
        }
      }
      let strength = patch.map { contrasts[$0] }.quantile(0.8)
      let kept = patch.filter { contrasts[$0] >= strength / 2 }
      guard kept.count >= leastArea else { continue }
      let core = kept.filter { contrasts[$0] >= strength * 0.8 }.map { colours[$0] }
      let mean = core.reduce(SIMD3<Double>(), +) / Double(max(1, core.count))
      regions.append(
        Region(colour: (mean.x, mean.y, mean.z), pixels: kept.map { ($0 % width, $0 / width) }))
    }
    return regions.sorted { $0.area > $1.area }
  }

  private static func background(_ colours: [SIMD3<Double>], width: Int, height: Int) -> SIMD3<Double> {
    let border = colours.indices.filter { index in
      let x = index % width
      let y = index / width
      return x == 0 || y == 0 || x == width - 1 || y == height - 1
    }.map { colours[$0] }
    return SIMD3(border.map(\.x).median, border.map(\.y).median, border.map(\.z).median)
  }

  private static func length(_ vector: SIMD3<Double>) -> Double {
    (vector * vector).sum().squareRoot()
  }
}
