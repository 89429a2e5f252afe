package import SpudInference
package import SpudPipeline

/// Something that answers questions, with what the report says of it.
package struct SystemUnderTest: Sendable {
  package var card: SystemCard
  /// What answers: a model, or a pipeline of models.
  package var responder: any Responder
  /// A pipeline's last module alone; nil for a single model.
  package var language: (any Responder)?
  /// What the pipeline's modules tell each other.
  package var prompts: PipelinePrompts
  /// What it can answer with.
  package var outputs: Set<GenerationOptions.Output>
  /// The system that has the same models and words, and so the same answers; only the times of this one are taken.
  package var answersLike: String?

  package init(
    card: SystemCard, responder: any Responder, language: (any Responder)? = nil,
    prompts: PipelinePrompts = PipelinePrompts(), outputs: Set<GenerationOptions.Output> = [.text, .image, .audio],
    answersLike: String? = nil
  ) {
    self.card = card
    self.responder = responder
    self.language = language
    self.prompts = prompts
    self.outputs = outputs
    self.answersLike = answersLike
  }
}

/// Something measured that is not a question to a system: decode times, hidden states, experts' use.
package struct Probe: Sendable {
  /// A few words for the progress line.
  package var title: String
  /// What it will have measured; it is skipped when all of it is there.
  package var keys: [String]
  /// Measures what the journal does not have, and writes each measurement into it as soon as it is made.
  package var measure: @Sendable (Journal) async throws -> Void

  package init(
    title: String, keys: [String], measure: @escaping @Sendable (Journal) async throws -> Void
  ) {
    self.title = title
    self.keys = keys
    self.measure = measure
  }
}
