/// Judges a text that says what a medium holds: a scene by its objects, anything else by its words.
package enum DescriptionJudge {
  /// Pixels that a place given in pixels may be off.
  static let placeTolerance = 4

  /// An object of a description: the same when colour, shape and place are, whatever else is said of it.
  struct Object: Equatable {
    var colour: String
    var shape: String
    /// The words after "at": a cell's name, or two numbers.
    var place: String

    /// The objects of a text such as `a big red circle at the top left; a blue star at 23 41`.
    static func all(in text: String) -> [Object] {
      text.split(separator: ";").compactMap { clause in
        guard let thing = DrawingJudge.things(in: String(clause)).first else { return nil }
        let words = TextMetrics.words(String(clause))
        let place = words.lastIndex(of: "at").map { words[($0 + 1)...].filter { $0 != "the" } } ?? []
        return Object(colour: thing.colour, shape: thing.shape, place: place.joined(separator: " "))
      }
    }

    func matches(_ other: Object) -> Bool {
      guard colour == other.colour, shape == other.shape else { return false }
      let (mine, theirs) = (coordinates, other.coordinates)
      guard mine.count == 2, theirs.count == 2 else { return place == other.place }
      return zip(mine, theirs).allSatisfy { ($0 - $1).magnitude <= placeTolerance }
    }

    private var coordinates: [Int] { place.split(separator: " ").compactMap { Int($0) } }
  }

  /// The share of what `expected` names that `text` names too; objects are matched one to one.
  package static func recall(of expected: String, in text: String) -> Score.Recall {
    let wanted = Object.all(in: expected)
    guard !wanted.isEmpty, wanted.allSatisfy({ !$0.place.isEmpty }) else {
      return Score.Recall(.words, TextMetrics.recall(of: expected, in: text))
    }
    var found = Object.all(in: text)
    var hits = 0
    for object in wanted {
      guard let match = found.firstIndex(where: object.matches) else { continue }
      found.remove(at: match)
      hits += 1
    }
    return Score.Recall(.objects, Double(hits) / Double(wanted.count))
  }
}
