package import SpudPipeline

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
  package var output: Question.Output
  /// The picture or sound that the suite gives as the answer, if it is not words.
  package var reference: PromptPart?
  /// True descriptions of the media, by kind, in the order of the media: what a perfect describer would say.
  package var imageDescriptions: [String]
  package var soundDescriptions: [String]

  package init(
    id: String, skill: String, task: String, turns: [PromptTurn], answer: String, accept: [String]? = nil,
    output: Question.Output = .text, reference: PromptPart? = nil, imageDescriptions: [String] = [],
    soundDescriptions: [String] = []
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
  package func toldTruth(_ prompts: PipelinePrompts) -> [PromptTurn]? {
    var images = imageDescriptions[...]
    var sounds = soundDescriptions[...]
    var translated = turns
    for turn in translated.indices {
      for part in translated[turn].parts.indices {
        let medium = translated[turn].parts[part]
        switch medium {
        case .text, .thought:
          continue
        case .image, .frame:
          guard let description = images.popFirst() else { return nil }
          translated[turn].parts[part] = .text(prompts.sentence(for: medium, description: description))
        case .audio, .soundtrack:
          guard let description = sounds.popFirst() else { return nil }
          translated[turn].parts[part] = .text(prompts.sentence(for: medium, description: description))
        case .video(let path):
          guard !images.isEmpty else { return nil }
          var text = ""
          for (index, description) in images.enumerated() {
            text += prompts.sentence(for: .frame(path: path, number: index + 1), description: description)
          }
          if let description = sounds.popFirst() {
            text += prompts.sentence(for: .soundtrack(path: path), description: description)
          }
          images = []
          translated[turn].parts[part] = .text(text)
        }
      }
    }
    return translated
  }
}
