package import SpudMedia

/// Judges a drawing by looking for what was asked for: connected regions, their colour, their shape (by area, centre
/// and overlap) and the cell that they are in. It is no model and has learned nothing.
package enum DrawingJudge {
  /// A thing in a scene, in the words of the world.
  package struct Thing: Sendable, Hashable {
    package var colour: String
    package var shape: String
    /// One of nine cells, counted row by row; nil when any will do.
    package var cell: Int?

    package init(colour: String, shape: String, cell: Int?) {
      self.colour = colour
      self.shape = shape
      self.cell = cell
    }
  }

  /// The world's colours, 0 … 255 a channel.
  static let colours: [(name: String, red: Double, green: Double, blue: Double)] = [
    ("red", 220, 30, 35), ("orange", 240, 135, 20), ("yellow", 240, 220, 40), ("green", 35, 160, 60),
    ("cyan", 50, 200, 215), ("blue", 35, 70, 215), ("purple", 130, 45, 170), ("pink", 245, 130, 185),
  ]

  static let places = [
    "top left", "top", "top right", "left", "middle", "right", "bottom left", "bottom", "bottom right",
  ]

  /// The things that a description names, such as `a big red circle at the top left; a small blue star at the bottom`.
  package static func things(in description: String) -> [Thing] {
    description.replacing(" and ", with: ";").split(separator: ";").compactMap { clause in
      let words = TextMetrics.words(String(clause))
      guard let colour = words.first(where: { word in colours.contains { $0.name == word } }),
        let shape = words.first(where: { WorldShape(rawValue: $0) != nil })
      else { return nil }
      let place = words.lastIndex(of: "the").map { words[($0 + 1)...].joined(separator: " ") } ?? ""
      return Thing(colour: colour, shape: shape, cell: places.firstIndex(of: place))
    }
  }

  /// The things in a picture.
  package static func things(in image: RGBImage) -> [Thing] {
    Region.all(in: image, leastArea: max(12, image.width * image.height / 256)).map { region in
      let centre = region.centre
      let column = min(2, Int(centre.x * 3 / Double(image.width)))
      let row = min(2, Int(centre.y * 3 / Double(image.height)))
      return Thing(
        colour: nearestColour(region.colour), shape: WorldShape.nearest(to: region.pixels).rawValue,
        cell: row * 3 + column)
    }
  }

  /// The share of the things asked for that are there, right in colour, shape and cell; things that were not asked for
  /// count against it.
  package static func score(_ image: RGBImage?, asked: [Thing]) -> Score {
    guard let image, !asked.isEmpty else { return .wrong }
    var found = things(in: image)
    var hits = 0
    for thing in asked {
      let match = found.firstIndex {
        $0.colour == thing.colour && $0.shape == thing.shape && (thing.cell == nil || $0.cell == thing.cell)
      }
      guard let match else { continue }
      found.remove(at: match)
      hits += 1
    }
    let value = Double(hits) / Double(max(asked.count, hits + found.count))
    return Score(value: value, isRight: hits == asked.count && found.isEmpty)
  }

  /// The world's colour at the least distance in hue and chroma: the codec's blur darkens edges, so lightness counts
  /// for less.
  static func nearestColour(_ colour: (red: Double, green: Double, blue: Double)) -> String {
    func features(_ red: Double, _ green: Double, _ blue: Double) -> [Double] {
      let luma = 0.299 * red + 0.587 * green + 0.114 * blue
      return [blue - luma, red - luma, 0.4 * luma]
    }
    let wanted = features(colour.red, colour.green, colour.blue)
    func distance(_ other: [Double]) -> Double { zip(wanted, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
    let nearest = colours.min {
      distance(features($0.red, $0.green, $0.blue)) < distance(features($1.red, $1.green, $1.blue))
    }
    return nearest?.name ?? ""
  }
}
