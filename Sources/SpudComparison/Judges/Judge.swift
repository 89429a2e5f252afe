internal import SpudInference
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
      return speech.score(reply.audio, asked: TextMetrics.words(example.answer))
    case .text:
      var score = score(reply.text, for: example)
      if example.isDescription { score.recall = DescriptionJudge.recall(of: example.answer, in: reply.text) }
      return score
    }
  }

  private static func metric(of example: Example) -> Skill.Metric {
    let name = Skill.name(skill: example.skill, task: example.task)
    return name == "describe" ? .recall : Skill.named(name).metric
  }

  private func score(_ text: String, for example: Example) -> Score {
    let isRight = TextMetrics.matches(text, accept: example.accept)
    switch Self.metric(of: example) {
    case .accuracy:
      return isRight ? .right : .wrong
    case .recall:
      return Score(value: DescriptionJudge.recall(of: example.answer, in: text).share, isRight: isRight)
    case .characterError:
      // An answer that spells its letters out one by one is as good as one that does not.
      let errors = TextMetrics.characterErrors(text, expected: example.answer)
      return Score(value: max(0, 1 - errors.rate), isRight: errors.edits == 0, errors: errors)
    case .wordError:
      let errors = TextMetrics.wordErrors(text, expected: example.answer)
      return Score(value: max(0, 1 - errors.rate), isRight: isRight, errors: errors)
    }
  }
}
