internal import SpudModels

extension Model {
  /// How tokens are chosen where a request does not say: as the checkpoint's own `generation_config.json` (or a GGUF
  /// file's `general.sampling`) advises; greedily where there is no advice.
  public var defaultSampling: Sampling { Sampling(advice: configuration.generation) ?? .greedy }

  /// Whether the checkpoint advises how to sample.
  public var advisesSampling: Bool { Sampling(advice: configuration.generation) != nil }
}

extension Sampling {
  /// - Returns: Nil where nothing is advised, or greedy choice.
  init?(advice: GenerationConfiguration) {
    let isGiven =
      advice.temperature != nil || advice.topK != nil || advice.topP != nil || advice.minP != nil
      || advice.repetitionPenalty.map { $0 != 1 } ?? false
    guard isGiven || advice.isSampling == true else { return nil }
    self.init()
    repetitionPenalty = Float(advice.repetitionPenalty ?? 1)
    guard advice.isSampling != false else { return }
    temperature = Float(advice.temperature ?? 1)
    topK = advice.topK ?? 0
    topP = Float(advice.topP ?? 1)
    minP = Float(advice.minP ?? 0)
  }
}
