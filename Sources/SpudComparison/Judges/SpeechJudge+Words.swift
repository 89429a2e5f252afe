package import SpudMedia

extension SpeechJudge {
  /// What beginning another word costs, in the units of a frame's distance: enough for two short words not to be
  /// nearer than a long one by chance. Of 0 … 80, small costs gave the fewest errors on phrases of the narrator's
  /// voice.
  static let wordCost: Float = 5

  /// The words of a recording, in their order: the sequence of templates that, each warped, is nearest to it.
  ///
  /// One pass over the recording keeps the least distance of every path that ends in a frame of a template; a path may
  /// stay in a frame, go on to the next or leave one out, and from a template's end to the beginning of any other.
  ///
  /// Source: H. Ney, "The use of a one-stage dynamic programming algorithm for connected word recognition", IEEE
  /// Transactions on Acoustics, Speech and Signal Processing 32, 1984.
  ///
  /// - Complexity: O(frames of the recording · frames of all templates).
  package func words(in sound: Waveform) -> [String] {
    let input = Self.cepstra(sound)
    guard !input.isEmpty, !templates.isEmpty else { return [] }
    // The state of each template's frames: the distance so far, and the word that the path came from.
    var paths = templates.map { [Path](repeating: Path(), count: $0.frames.count) }
    var ends: [End] = []
    var best = Path(distance: 0, previous: -1)
    for (time, features) in input.enumerated() {
      let entry = Path(distance: best.distance + (time == 0 ? 0 : Self.wordCost), previous: best.previous)
      var leading = End(word: -1, path: Path())
      for index in templates.indices {
        Self.advance(&paths[index], templates[index].frames, features, entry: entry)
        if let last = paths[index].last, last.distance < leading.path.distance {
          leading = End(word: index, path: last)
        }
      }
      ends.append(leading)
      best = Path(distance: leading.path.distance, previous: time)
    }
    var words: [String] = []
    var time = ends.count - 1
    while time >= 0, ends[time].word >= 0 {
      words.append(templates[ends[time].word].word)
      time = ends[time].path.previous
    }
    return words.reversed()
  }

  /// A way through templates up to some frame.
  private struct Path {
    var distance = Float.infinity
    /// The input frame at which the word before this one ended; −1 when this is the first.
    var previous = -1
  }

  /// The best path of those that end a word at some input frame.
  private struct End {
    var word: Int
    var path: Path
  }

  private static func advance(_ row: inout [Path], _ template: [[Float]], _ features: [Float], entry: Path) {
    // From the end, so that what a frame is reached from is still the last input frame's.
    for frame in row.indices.reversed() {
      var from = row[frame]
      if frame >= 1, row[frame - 1].distance < from.distance { from = row[frame - 1] }
      if frame >= 2, row[frame - 2].distance < from.distance { from = row[frame - 2] }
      if frame <= 1, entry.distance < from.distance { from = entry }
      let step = zip(features, template[frame]).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      row[frame] = Path(distance: from.distance + step, previous: from.previous)
    }
  }
}
