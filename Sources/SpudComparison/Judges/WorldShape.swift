/// The shapes that the detector knows, each with its outline: the same that the world draws.
enum WorldShape: String, CaseIterable, Sendable {
  case circle
  case square
  case triangle
  case star
  case cross
  case ring

  /// The shape that a patch is most like.
  ///
  /// The patch's zeroth and first moments, its area and centre, say how large an ideal shape would be and where it
  /// would stand; the shape that then covers the patch best is the answer.
  ///
  /// - Parameter pixels: the patch, as (x, y) of its pixels.
  static func nearest(to pixels: [(x: Int, y: Int)]) -> WorldShape {
    allCases.max { $0.overlap(with: pixels) < $1.overlap(with: pixels) } ?? .circle
  }

  /// The area that this shape and a patch of the same area and centre have in common, over what they cover together.
  func overlap(with pixels: [(x: Int, y: Int)]) -> Double {
    guard !pixels.isEmpty, let ideal = Self.moments[self] else { return 0 }
    let area = Double(pixels.count)
    let radius = (area / ideal.area).squareRoot()
    let x = pixels.reduce(0) { $0 + Double($1.x) } / area - radius * ideal.x
    let y = pixels.reduce(0) { $0 + Double($1.y) } / area - radius * ideal.y
    let common = Double(
      pixels.filter { contains(x: (Double($0.x) - x) / radius, y: (Double($0.y) - y) / radius) }.count)
    return common / (2 * area - common)
  }

  /// Area and centre of each shape with radius 1.
  private static let moments: [WorldShape: (area: Double, x: Double, y: Double)] = {
    let fineness = 100
    return Dictionary(
      uniqueKeysWithValues: allCases.map { shape in
        let points = shape.pixels(radius: fineness)
        let count = Double(max(1, points.count))
        let scale = Double(fineness)
        return (
          shape,
          (
            count / (scale * scale), points.reduce(0) { $0 + $1.x } / count / scale,
            points.reduce(0) { $0 + $1.y } / count / scale
          )
        )
      })
  }()

  /// Whether the point, in units of the radius about the centre, lies inside.
  func contains(x: Double, y: Double) -> Bool {
    switch self {
    case .circle: x * x + y * y <= 1
    case .ring: x * x + y * y <= 1 && x * x + y * y >= 0.52 * 0.52
    case .square: x.magnitude <= 0.88 && y.magnitude <= 0.88
    case .cross: (x.magnitude <= 0.34 && y.magnitude <= 1) || (y.magnitude <= 0.34 && x.magnitude <= 1)
    case .triangle: Self.isInside(x, y, of: [(0, -1), (1, 0.85), (-1, 0.85)])
    case .star: Self.isInside(x, y, of: Self.starOutline)
    }
  }

  private func pixels(radius: Int) -> [(x: Double, y: Double)] {
    let reach = radius + radius / 4
    return (-reach...reach).flatMap { y in
      (-reach...reach).compactMap { x in
        contains(x: Double(x) / Double(radius), y: Double(y) / Double(radius)) ? (Double(x), Double(y)) : nil
      }
    }
  }

  private static let starOutline: [(x: Double, y: Double)] = (0..<10).map { index in
    let radius = index % 2 == 0 ? 1.12 : 0.47
    let angle = -Double.pi / 2 + Double(index) * Double.pi / 5
    return (radius * angle.cosine, radius * angle.sine)
  }

  /// The even-odd rule.
  private static func isInside(_ x: Double, _ y: Double, of outline: [(x: Double, y: Double)]) -> Bool {
    var isInside = false
    var previous = outline[outline.count - 1]
    for point in outline {
      if (point.y > y) != (previous.y > y),
        x < (previous.x - point.x) * (y - point.y) / (previous.y - point.y) + point.x
      {
        isInside.toggle()
      }
      previous = point
    }
    return isInside
  }
}
