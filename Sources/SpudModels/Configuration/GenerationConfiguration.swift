internal import SpudErrors
internal import SpudTensors

/// What a model's authors recommend for sampling, and the tokens that end an answer.
package struct GenerationConfiguration: Sendable, Equatable {
  /// Any of these ends an answer.
  package var endTokens: [Int32] = []
  package var beginToken: Int32?
  package var padToken: Int32?
  /// False: greedy, whatever the figures below say.
  package var isSampling: Bool?
  package var temperature: Double?
  package var topK: Int?
  package var topP: Double?
  package var minP: Double?
  package var repetitionPenalty: Double?
  package var tokenLimit: Int?

  package init() {}

  /// Reads generation_config.json, or the same keys of an older config.json.
  ///
  /// - Throws: `SpudError.badData` for a value of the wrong kind or out of its range.
  init(_ reader: ConfigurationReader, vocabularyCount: Int) throws {
    endTokens = try reader.tokens("eos_token_id", vocabularyCount: vocabularyCount)
    beginToken = try reader.tokens("bos_token_id", vocabularyCount: vocabularyCount).first
    padToken = try reader.tokens("pad_token_id", vocabularyCount: vocabularyCount).first
    isSampling = try reader.optionalBool("do_sample")
    temperature = try reader.optionalDouble("temperature", in: 0...100)
    topK = try reader.optionalInt("top_k", in: 0...Int(Int32.max))
    topP = try reader.optionalDouble("top_p", in: 0...1)
    minP = try reader.optionalDouble("min_p", in: 0...1)
    repetitionPenalty = try reader.optionalDouble("repetition_penalty", in: 0...100)
    tokenLimit = try reader.optionalInt("max_new_tokens", in: 0...Int(Int32.max))
  }

  /// This, and for whatever it leaves open, `other`.
  func completed(by other: GenerationConfiguration) -> GenerationConfiguration {
    var result = self
    if result.endTokens.isEmpty { result.endTokens = other.endTokens }
    result.beginToken = beginToken ?? other.beginToken
    result.padToken = padToken ?? other.padToken
    result.isSampling = isSampling ?? other.isSampling
    result.temperature = temperature ?? other.temperature
    result.topK = topK ?? other.topK
    result.topP = topP ?? other.topP
    result.minP = minP ?? other.minP
    result.repetitionPenalty = repetitionPenalty ?? other.repetitionPenalty
    result.tokenLimit = tokenLimit ?? other.tokenLimit
    return result
  }
}

extension GenerationConfiguration {
  /// Reads the tokenizer's special tokens and the sampling hints of a GGUF file.
  init(_ reader: GGUFSettings, vocabularyCount: Int) throws {
    func token(_ key: String) throws -> Int32? {
      guard let id = try reader.optionalInt("tokenizer.ggml.\(key)", in: 0...Int(UInt32.max)) else { return nil }
      return id < vocabularyCount ? Int32(id) : nil
    }
    for key in ["eos_token_id", "eot_token_id", "eom_token_id"] {
      if let id = try token(key), !endTokens.contains(id) { endTokens.append(id) }
    }
    beginToken = try token("bos_token_id")
    padToken = try token("padding_token_id")
    temperature = try reader.optionalDouble("general.sampling.temp", in: 0...100)
    topK = try reader.optionalInt("general.sampling.top_k", in: 0...Int(Int32.max))
    topP = try reader.optionalDouble("general.sampling.top_p", in: 0...1)
    minP = try reader.optionalDouble("general.sampling.min_p", in: 0...1)
  }
}
