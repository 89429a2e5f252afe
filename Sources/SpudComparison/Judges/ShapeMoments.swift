/// What the shape of a patch is told by: moments that do not change when it is moved or scaled.
struct ShapeMoments: Sendable {
  /// Central moments of orders 2 to 4, scaled by the area, and the share of the bounding rectangle that is filled.
  var values: [Double]

  /// - Parameter pixels: the patch, as (x, y); at least one.
  init(_ pixels: [(x: Double, y: Double)]) {
    let area = Double(pixels.count)
    let meanX = pixels.reduce(0) { $0 + $1.x } / area
    let meanY = pixels.reduce(0) { $0 + $1.y } / area
    let radius = area.squareRoot()
    let orders: [(Int, Int)] = [(2, 0), (0, 2), (1, 1), (3, 0), (2, 1), (1, 2), (0, 3), (4, 0), (2, 2), (0, 4)]
    values = orders.map { p, q in
      pixels.reduce(0) { sum, pixel in
        sum + Self.power((pixel.x - meanX) / radius, p) * Self.power((pixel.y - meanY) / radius, q)
      } / area * Self.weight(order: p + q)
    }
    let xs = pixels.map(\.x)
    let ys = pixels.map(\.y)
    let box = ((xs.max() ?? 0) - (xs.min() ?? 0) + 1) * ((ys.max() ?? 0) - (ys.min() ?? 0) + 1)
    // The filled share separates a star from a ring where their moments come close.
    values.append(0.25 * area / box)
  }

  /// The distance between two shapes.
  func distance(to other: ShapeMoments) -> Double {
    zip(values, other.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  }

  /// Odd orders tell which way a shape points, which is what separates a triangle from a circle: they count for more.
  private static func weight(order: Int) -> Double { order == 3 ? 4 : 1 }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }
}
