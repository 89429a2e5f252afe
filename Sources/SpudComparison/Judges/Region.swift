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

  /// The least rectangle of pixels that holds the region.
  var bounds: (left: Int, top: Int, right: Int, bottom: Int) {
    pixels.reduce((Int.max, Int.max, Int.min, Int.min)) {
      (min($0.0, $1.x), min($0.1, $1.y), max($0.2, $1.x), max($0.3, $1.y))
    }
  }

  /// The regions of a picture that stand out from its background, largest first.
  ///
  /// The background is the median of the border's pixels. A pixel stands out when it is further from it than `threshold`
  /// in the RGB cube; neighbours (of eight) that stand out, and whose colours are alike, belong together.
  ///
  /// - Parameter leastArea: smaller specks are left out.
  static func all(in image: RGBImage, threshold: Double = 60, leastArea: Int = 16) -> [Region] {
    let width = image.width
    let height = image.height
    guard width > 0, height > 0, image.pixels.count == width * height * 3 else { return [] }
    let colours = (0..<(width * height)).map { index in
      SIMD3<Double>(
        Double(image.pixels[index * 3]), Double(image.pixels[index * 3 + 1]), Double(image.pixels[index * 3 + 2]))
    }
    let background = background(colours, width: width, height: height)
    let standsOut = colours.map { length($0 - background) > threshold }
    var isTaken = [Bool](repeating: false, count: colours.count)
    var regions: [Region] = []
    for start in colours.indices where standsOut[start] && !isTaken[start] {
      var pixels: [(x: Int, y: Int)] = []
      var sum = SIMD3<Double>()
      var queue = [start]
      isTaken[start] = true
      while let index = queue.popLast() {
        let x = index % width
        let y = index / width
        pixels.append((x, y))
        sum += colours[index]
        for nextY in max(0, y - 1)...min(height - 1, y + 1) {
          for nextX in max(0, x - 1)...min(width - 1, x + 1) {
            let next = nextY * width + nextX
            // A wide step between neighbours is the edge of another thing, not the blur of one.
            guard standsOut[next], !isTaken[next], length(colours[next] - colours[index]) < 110 else { continue }
            isTaken[next] = true
            queue.append(next)
          }
        }
      }
      guard pixels.count >= leastArea else { continue }
      let mean = sum / Double(pixels.count)
      regions.append(Region(colour: (mean.x, mean.y, mean.z), pixels: pixels))
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
