/// The shapes that the detector knows, each with its outline: the same that the world draws.
enum WorldShape: String, CaseIterable, Sendable {
  case circle
  case square
  case triangle
  case star
  case cross
  case ring

  /// The moments of the ideal shape, from an outline filled on a fine grid.
  static let moments: [(shape: WorldShape, moments: ShapeMoments)] = allCases.map { shape in
    (shape, ShapeMoments(shape.pixels(radius: 40)))
  }

  /// The shape whose moments are nearest.
  static func nearest(to moments: ShapeMoments) -> WorldShape {
    Self.moments.min { $0.moments.distance(to: moments) < $1.moments.distance(to: moments) }?.shape ?? .circle
  }

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

  func pixels(radius: Int) -> [(x: Double, y: Double)] {
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
