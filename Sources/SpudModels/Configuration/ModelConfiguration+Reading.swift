internal import SpudErrors
internal import SpudTensors

extension ModelConfiguration {
  /// Reads `config.json` and, if it is there, `generation_config.json` of a model directory.
  ///
  /// - Throws: `SpudError.badData`, naming the key, its value and what may stand there.
  package init(huggingFace directory: String) throws {
    let path = directory + "/config.json"
    guard MappedFile.exists(path) else {
      throw SpudError(.noInput, "\(directory): has no config.json, so it is no model directory")
    }
    let reader = try ConfigurationReader(contentsOf: path)
    let architecture: Architecture = try reader.choice("model_type", default: nil)
    self = try architecture.description.configuration(.huggingFace(reader))
    generation = try GenerationConfiguration(reader, vocabularyCount: vocabularyCount)
    let generationPath = directory + "/generation_config.json"
    if MappedFile.exists(generationPath) {
      let reader = try ConfigurationReader(contentsOf: generationPath)
      generation = try GenerationConfiguration(reader, vocabularyCount: vocabularyCount).completed(by: generation)
    }
    try check(file: path)
  }

  /// Reads the metadata of a GGUF file, as llama.cpp's converter writes them.
  ///
  /// Source: `gguf-py/gguf/constants.py` and `src/llama-model.cpp` of ggml-org/llama.cpp. What metadata leave open is
  /// read off the tensors, as llama.cpp does: which layers have experts, whether there are biases, whether the output
  /// is tied.
  ///
  /// - Throws: `SpudError.badData`, naming the key, its value and what may stand there.
  init(gguf file: GGUFFile) throws {
    let reader = GGUFSettings(file)
    let name = try reader.string("general.architecture")
    let settings = Settings.gguf(reader, name: name)
    let known = Architecture.allCases.filter { $0.description.ggufName == name }
    guard !known.isEmpty else {
      var names: [String] = []
      for other in Architecture.allCases.map({ $0.description.ggufName }) where !names.contains(other) {
        names.append(other)
      }
      let choices = names.map { "'\($0)'" }.joined(separator: ", ")
      throw SpudError(
        .badData, "\(reader.file): 'general.architecture' is '\(name)', but one of \(choices) was expected")
    }
    // Two architectures may share a name: GGUF calls Mixtral a 'llama' with experts.
    let expertCount = try settings.optionalInt(gguf: "expert_count", in: 0...Limits.experts.upperBound) ?? 0
    let architecture = known.first { $0.description.hasExperts == (expertCount > 0) } ?? known[0]
    self = try architecture.description.configuration(settings)
    generation = try GenerationConfiguration(reader, vocabularyCount: vocabularyCount)
    try check(file: reader.file)
  }

  /// What must hold between values that are each fine for themselves.
  private func check(file: String) throws {
    for layer in layers {
      switch layer.attention {
      case .grouped(let plan): try check(plan, file: file)
      }
      switch layer.feedForward {
      case .dense: break
      case .experts(let plan):
        guard plan.expertsPerToken <= plan.expertCount else {
          throw SpudError(
            .badData,
            "\(file): each token uses \(plan.expertsPerToken) experts, but there are only \(plan.expertCount)")
        }
      }
    }
  }

  private func check(_ plan: GroupedAttentionPlan, file: String) throws {
    guard plan.headCount % plan.keyValueHeadCount == 0 else {
      throw SpudError(
        .badData,
        "\(file): \(plan.headCount) attention heads cannot share \(plan.keyValueHeadCount) key-value heads evenly")
    }
    guard plan.headWidth % 2 == 0, Limits.headWidth.contains(plan.headWidth) else {
      throw SpudError(
        .badData, "\(file): heads are \(plan.headWidth) wide, but rotary positions need an even width of 2 to 1024")
    }
    guard Limits.width.contains(plan.queryWidth) else {
      throw SpudError(
        .badData,
        "\(file): \(plan.headCount) heads of \(plan.headWidth) are more than \(Limits.width.upperBound) wide together")
    }
  }
}
