internal import SpudMedia
package import SpudPipeline

/// Scores an answer by the rule of its skill.
package struct Judge: Sendable {
  private let speech: SpeechJudge

  /// - Parameter speech: what spoken answers are recognized with.
  package init(speech: SpeechJudge = SpeechJudge(templates: [])) {
    self.speech = speech
  }

  package func score(_ reply: Reply, for example: Example) -> Score {
    switch example.output {
    case .image:
      return DrawingJudge.score(reply.image, asked: DrawingJudge.things(in: example.answer))
    case .audio:
      let word = reply.audio.flatMap(speech.word(in:))
      return word.map { TextMetrics.matches($0, accept: example.accept) } == true ? .right : .wrong
    case .text:
      return score(reply.text, for: example)
    }
  }

  private func score(_ text: String, for example: Example) -> Score {
    let isRight = TextMetrics.matches(text, accept: example.accept)
    switch Skill.named(Skill.name(skill: example.skill, task: example.task)).metric {
    case .accuracy:
      return isRight ? .right : .wrong
    case .recall:
      return Score(value: TextMetrics.recall(of: example.answer, in: text), isRight: isRight)
    case .characterError:
      let errors = TextMetrics.characterErrors(text, expected: example.answer)
      return Score(value: max(0, 1 - errors.rate), isRight: isRight, errors: errors)
    case .wordError:
      let errors = TextMetrics.wordErrors(text, expected: example.answer)
      return Score(value: max(0, 1 - errors.rate), isRight: isRight, errors: errors)
    }
  }
}
