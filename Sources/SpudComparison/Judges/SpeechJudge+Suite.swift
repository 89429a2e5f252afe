internal import Foundation
internal import SpudInference
internal import SpudMedia
internal import SpudPipeline
internal import SpudTokens

extension SpeechJudge {
  /// The most recordings of one word that are kept: each costs time, and more than a few tell nothing new.
  static let templatesPerWord = 2

  /// Takes the suite's own recordings of single words: those in its folder `words` (`red.wav`, or `red-2.wav` for
  /// another recording of it), those that it gives as spoken answers, and those that it asks to have transcribed. A
  /// suite that asks for no speech needs none.
  ///
  /// - Throws: what reading a recording throws.
  package init(suite: Suite) throws {
    guard suite.examples.contains(where: { $0.output == .audio }) else {
      self.init(templates: [])
      return
    }
    var templates: [Template] = []
    var counts: [String: Int] = [:]
    // Spoken answers first: they are the voice that a spoken answer should have.
    let recordings =
      Self.words(in: suite.name + "/words")
      + suite.examples.compactMap { example -> (String, String)? in
        guard case .audio(let path) = example.reference else { return nil }
        return (example.answer, path)
      }
      + suite.examples.compactMap { example -> (String, String)? in
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

  /// The recordings of a folder, each with the word that its name gives; none when there is no such folder.
  private static func words(in folder: String) -> [(String, String)] {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    return names.filter { !$0.hasPrefix(".") && $0.contains(".") }.map { name in
      (String(name.prefix { $0 != "-" && $0 != "." }), folder + "/" + name)
    }
  }

  /// One sentence about words that are to be said and that no recording teaches this recognizer; nil when all are
  /// known.
  func remark(on examples: [Example]) -> String? {
    let known = Set(templates.map(\.word))
    let asked = Set(examples.filter { $0.output == .audio }.flatMap { TextMetrics.words($0.answer) })
    let unknown = asked.subtracting(known).sorted()
    guard let first = unknown.first else { return nil }
    return """
      The suite has no recording of \(unknown.count) of the \(asked.count) words that are to be said (such as \
      “\(first)”), so the recognizer can never find them said.
      """
  }
}
