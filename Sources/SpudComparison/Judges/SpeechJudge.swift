package import SpudMedia

/// Recognizes a spoken word by dynamic time warping of mel features against recordings of known words: no model,
/// nothing learned but the recordings themselves.
///
/// Source: H. Sakoe and S. Chiba, "Dynamic programming algorithm optimization for spoken word recognition", IEEE
/// Transactions on Acoustics, Speech and Signal Processing 26, 1978.
package struct SpeechJudge: Sendable {
  /// A recording of a known word, as features.
  package struct Template: Sendable {
    package var word: String
    /// Every second frame, the means taken off: for a word spoken alone.
    var features: [[Float]]  // [frames][coefficients]
    /// Every frame as it is: for words within a phrase, whose own means nobody knows.
    var frames: [[Float]]  // [frames][coefficients]

    package init(word: String, sound: Waveform) {
      self.word = word
      frames = SpeechJudge.cepstra(sound)
      features = SpeechJudge.features(frames)
    }
  }

  package var templates: [Template]

  package init(templates: [Template]) {
    self.templates = templates
  }

  /// The share of the words asked for that were said, in their order; words that were not asked for count against it.
  package func score(_ sound: Waveform?, asked: [String]) -> Score {
    guard let sound, !asked.isEmpty else { return .wrong }
    let found = asked.count == 1 ? [word(in: sound)].compactMap(\.self) : words(in: sound)
    let hits = max(0, max(asked.count, found.count) - TextMetrics.editDistance(found, asked))
    let value = Double(hits) / Double(max(asked.count, found.count))
    return Score(value: value, isRight: found == asked)
  }

  /// The word of the nearest template; nil when there is no sound or no template.
  package func word(in sound: Waveform) -> String? {
    let features = Self.features(Self.cepstra(sound))
    guard !features.isEmpty else { return nil }
    return templates.min { Self.distance(features, $0.features) < Self.distance(features, $1.features) }?.word
  }

  /// Every second frame of some cepstra, their means taken off.
  static func features(_ cepstra: [[Float]]) -> [[Float]] {
    var rows = stride(from: 0, to: cepstra.count, by: 2).map { cepstra[$0] }
    for coefficient in 0..<12 {
      let mean = rows.reduce(Float(0)) { $0 + $1[coefficient] } / Float(max(1, rows.count))
      for row in rows.indices { rows[row][coefficient] -= mean }
    }
    return rows
  }

  /// Cepstra of the log-mel spectrogram: 12 coefficients of a cosine transform (the first, the loudness, left out), a
  /// frame each 10 ms, silence at the ends dropped.
  static func cepstra(_ sound: Waveform) -> [[Float]] {
    let mel = LogMel.spectrogram(sound.samples)
    let bands = LogMel.bandCount
    let frameCount = mel.count / bands
    guard frameCount > 2 else { return [] }
    let loudness = (0..<frameCount).map { frame in mel[(frame * bands)..<((frame + 1) * bands)].max() ?? -10 }
    let floor = (loudness.max() ?? 0) - 3.5
    guard let first = loudness.firstIndex(where: { $0 > floor }), let last = loudness.lastIndex(where: { $0 > floor })
    else { return [] }
    return (first...last).map { frame in
      (1...12).map { order -> Float in
        (0..<bands).reduce(Float(0)) { sum, band in
          sum + max(mel[frame * bands + band], floor - 1.5) * cosines[order - 1][band]
        }
      }
    }
  }

  private static let cosines: [[Float]] = (1...12).map { order in
    (0..<LogMel.bandCount).map { band in
      Float((Double.pi * Double(order) * (Double(band) + 0.5) / Double(LogMel.bandCount)).cosine)
    }
  }

  /// The least mean distance along a path that warps one sequence onto the other.
  ///
  /// - Complexity: O(`first.count` · `second.count`).
  static func distance(_ first: [[Float]], _ second: [[Float]]) -> Float {
    guard !first.isEmpty, !second.isEmpty else { return .infinity }
    var row = [Float](repeating: .infinity, count: second.count + 1)
    row[0] = 0
    for features in first {
      var diagonal = row[0]
      row[0] = .infinity
      for column in second.indices {
        let step = zip(features, second[column]).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        // A diagonal step passes two frames at once and so costs twice.
        let best = min(diagonal + 2 * step, row[column + 1] + step, row[column] + step)
        diagonal = row[column + 1]
        row[column + 1] = best
      }
    }
    return row[second.count] / Float(first.count + second.count)
  }
}
