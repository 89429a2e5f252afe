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
  package var outputs: Set<Question.Output>

  package init(
    card: SystemCard, responder: any Responder, language: (any Responder)? = nil,
    prompts: PipelinePrompts = PipelinePrompts(), outputs: Set<Question.Output> = [.text, .image, .audio]
  ) {
    self.card = card
    self.responder = responder
    self.language = language
    self.prompts = prompts
    self.outputs = outputs
  }
}

/// Something measured that is not a question to a system: decode times, hidden states, experts' use.
package struct Probe: Sendable {
  /// A few words for the progress line.
  package var title: String
  /// What it will have measured; it is skipped when all of it is there.
  package var keys: [String]
  /// About how long it takes, in seconds, for the estimate.
  package var seconds: Double
  package var measure: @Sendable () async throws -> [Record]

  package init(
    title: String, keys: [String], seconds: Double, measure: @escaping @Sendable () async throws -> [Record]
  ) {
    self.title = title
    self.keys = keys
    self.seconds = seconds
    self.measure = measure
  }
}
