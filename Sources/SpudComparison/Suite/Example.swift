package import SpudInference
package import SpudPipeline
package import SpudTokens

/// One question of a suite, with what counts as its answer.
package struct Example: Sendable, Equatable {
  package var id: String
  package var skill: String
  package var task: String
  /// The turns up to the answer.
  package var turns: [PromptTurn]
  /// The answer expected, in words; of a drawing, the scene; of speech, the words.
  package var answer: String
  /// Every answer that counts as right.
  package var accept: [String]
  /// What the answer is made of.
  package var output: GenerationOptions.Output
  /// The picture or sound that the suite gives as the answer, if it is not words.
  package var reference: PromptPart?
  /// True descriptions of the media, by kind, in the order of the media: what a perfect describer would say.
  package var imageDescriptions: [String]
  package var soundDescriptions: [String]
  /// One list per video, with one description per frame.
  package var filmDescriptions: [[String]]

  package init(
    id: String, skill: String, task: String, turns: [PromptTurn], answer: String, accept: [String]? = nil,
    output: GenerationOptions.Output = .text, reference: PromptPart? = nil, imageDescriptions: [String] = [],
    soundDescriptions: [String] = [], filmDescriptions: [[String]] = []
  ) {
    self.id = id
    self.skill = skill
    self.task = task
    self.turns = turns
    self.answer = answer
    self.accept = accept ?? [answer]
    self.output = output
    self.reference = reference
    self.imageDescriptions = imageDescriptions
    self.soundDescriptions = soundDescriptions
    self.filmDescriptions = filmDescriptions
  }

  /// The kind of the prompt, by its media.
  package var kind: PromptKind {
    let media = turns.media
    let isFilm = media.contains { if case .video = $0 { true } else { false } }
    if isFilm { return .video }
    switch (media.contains { $0.isSeen }, media.contains { !$0.isSeen }) {
    case (true, true): return .both
    case (true, false): return .image
    case (false, true): return .sound
    case (false, false): return .text
    }
  }

  /// The words of the last turn: the question.
  package var question: String {
    (turns.last?.parts ?? []).compactMap { part in
      if case .text(let text) = part { text } else { nil }
    }.joined(separator: " ")
  }

  /// Whether the question is one to think about: it is then asked with a thought opened, and once more without.
  package var isThoughtAbout: Bool { skill == "reason" && output == .text }

  /// Whether the answer is to say all that a medium holds: a text that a pipeline would pass on.
  package var isDescription: Bool {
    guard output == .text else { return false }
    return skill == "hear" || skill == "describe" || task == "describe" || task.hasPrefix("describe ")
  }

  /// How hard the prompt looks before anything is computed: digits, and steps told apart by `;`, `.`, `,` and
  /// operators.
  ///
  /// It sees the prompt's text only, never the answer: a rule that chooses how long to think may use it.
  package var difficulty: Double {
    let digits = question.filter(\.isNumber).count
    let steps = question.filter { ";.,+-*/".contains($0) }.count
    return Double(digits + 2 * steps)
  }

  /// The prompt with every medium replaced by its true description; nil when the suite does not give them all.
  ///
  /// A soundtrack's description is among those of the sounds; what the recordings leave over belongs to the videos.
  package func toldTruth(_ prompts: PipelinePrompts) -> [PromptTurn]? {
    let recordings = turns.flatMap(\.parts).filter { if case .audio = $0 { true } else { false } }
    var soundtracks = soundDescriptions.count - recordings.count
    var images = imageDescriptions[...]
    var sounds = soundDescriptions[...]
    var films = filmDescriptions[...]
    var translated = turns
    for turn in translated.indices {
      for part in translated[turn].parts.indices {
        let medium = translated[turn].parts[part]
        var descriptions: [(PromptPart, String?)] = []
        switch medium {
        case .text, .thought:
          continue
        case .image, .frame:
          descriptions = [(medium, images.popFirst())]
        case .audio, .soundtrack:
          descriptions = [(medium, sounds.popFirst())]
        case .video(let path):
          descriptions = (films.popFirst() ?? []).enumerated().map { (.frame(path: path, number: $0 + 1), $1) }
          if descriptions.isEmpty { return nil }
          if soundtracks > 0 {
            soundtracks -= 1
            descriptions.append((.soundtrack(path: path), sounds.popFirst()))
          }
        }
        var text = ""
        for (medium, description) in descriptions {
          guard let description else { return nil }
          text += prompts.sentence(for: medium, description: description)
        }
        translated[turn].parts[part] = .text(text)
      }
    }
    return translated
  }
}
