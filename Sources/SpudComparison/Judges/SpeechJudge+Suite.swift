internal import SpudMedia
internal import SpudPipeline

extension SpeechJudge {
  /// The most recordings of one word that are kept: one in each of several voices is enough, and each costs time.
  static let templatesPerWord = 3

  /// Takes the suite's own recordings of single words: those that it gives as spoken answers, and those that it asks to
  /// have transcribed.
  ///
  /// - Throws: what reading a recording throws.
  package init(examples: [Example]) throws {
    var templates: [Template] = []
    var counts: [String: Int] = [:]
    // Spoken answers first: they are the voice that a spoken answer should have.
    let recordings =
      examples.compactMap { example -> (String, String)? in
        guard case .audio(let path) = example.reference else { return nil }
        return (example.answer, path)
      }
      + examples.compactMap { example -> (String, String)? in
        guard example.skill == "hear", case .audio(let path) = example.turns.media.first else { return nil }
        return (example.answer, path)
      }
    for (text, path) in recordings {
      let words = TextMetrics.words(text)
      guard words.count == 1, let word = words.first, counts[word, default: 0] < Self.templatesPerWord else { continue }
      counts[word, default: 0] += 1
      templates.append(Template(word: word, sound: try Waveform.load(path: path)))
    }
    self.init(templates: templates)
  }
}
