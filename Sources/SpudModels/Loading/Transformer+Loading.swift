internal import SpudErrors
package import SpudKernels
internal import SpudTensors

extension Transformer {
  /// Loads a model: a Hugging Face directory with safetensors, or a GGUF file.
  ///
  /// - Parameters:
  ///   - path: The directory, or the file.
  ///   - compute: The threads and kernels that will run the model, and pack its weights now.
  ///   - weightFormat: How to hold matrices; nil keeps each as near to its stored form as the kernels have it.
  ///   - progress: Told the fraction that is loaded, from 0 to 1.
  /// - Throws: `SpudError`: `.noInput` when there is no such model; `.badData` when the files contradict each other, or
  ///   are for an architecture that this runtime does not know.
  package static func load(
    path: String, compute: Compute, weightFormat: WeightFormat? = nil, progress: ((Double) -> Void)? = nil
  ) throws -> Transformer {
    guard MappedFile.exists(path) else { throw SpudError(.noInput, "\(path): there is no such model") }
    guard MappedFile.isDirectory(path) else {
      let file = try GGUFFile(path: path)
      let loader = WeightLoader(try TensorSource(file), compute: compute, format: weightFormat, progress: progress)
      return try Transformer(ModelConfiguration(file), .gguf, loader)
    }
    let configuration = try ModelConfiguration(huggingFace: path)
    let source = try TensorSource(safetensorsIn: path)
    let loader = WeightLoader(source, compute: compute, format: weightFormat, progress: progress)
    return try Transformer(configuration, configuration.architecture.tensorNames, loader)
  }

  private convenience init(_ configuration: ModelConfiguration, _ names: TensorNames, _ loader: WeightLoader) throws {
    let width = configuration.modelWidth
    let vocabulary = configuration.vocabularyCount
    var layers: [DecoderLayer] = []
    let embedding = try loader.matrix(names.embedding, rows: vocabulary, columns: width)
    for layer in 0..<configuration.layerCount {
      layers.append(try Self.layer(layer, configuration, names, loader))
    }
    let finalNorm = try loader.vector(names.finalNorm, count: width)
    var ignored = names.ignored
    let head: WeightMatrix
    if configuration.isTied {
      // Some tied checkpoints carry a copy of the embedding as their head.
      ignored.append(names.head)
      head = embedding
    } else {
      head = try loader.matrix(names.head, rows: vocabulary, columns: width)
    }
    let divisors =
      loader.has(TensorNames.frequencyDivisors)
      ? try loader.vector(TensorNames.frequencyDivisors, count: configuration.headWidth / 2) : nil
    guard divisors?.allSatisfy({ $0 > 0 && $0.isFinite }) ?? true else {
      throw SpudError(.badData, "\(loader.source.name): tensor 'rope_freqs.weight' holds divisors that are not above 0")
    }
    try loader.finish(ignoring: ignored)
    let table = RotaryTable(
      width: configuration.headWidth, base: configuration.rotaryBase, scaling: configuration.rotaryScaling,
      pairing: configuration.rotaryPairing, divisors: divisors)
    self.init(
      configuration: configuration, compute: loader.compute, embedding: embedding, layers: layers, finalNorm: finalNorm,
      head: head, table: table)
  }

  private static func layer(
    _ layer: Int, _ configuration: ModelConfiguration, _ names: TensorNames, _ loader: WeightLoader
  ) throws -> DecoderLayer {
    func name(_ pattern: String) -> String { TensorNames.fill(pattern, layer: layer) }
    let width = configuration.modelWidth
    return DecoderLayer(
      attentionNorm: try loader.vector(name(names.attentionNorm), count: width),
      attention: try attention(layer, configuration, names, loader),
      feedForwardNorm: try loader.vector(name(names.feedForwardNorm), count: width),
      feedForward: try feedForward(layer, configuration, names, loader))
  }

  private static func attention(
    _ layer: Int, _ configuration: ModelConfiguration, _ names: TensorNames, _ loader: WeightLoader
  ) throws -> Attention {
    func name(_ pattern: String) -> String { TensorNames.fill(pattern, layer: layer) }
    let width = configuration.modelWidth
    let queryWidth = configuration.queryWidth
    let keyWidth = configuration.keyValueWidth
    func bias(_ pattern: String, _ count: Int) throws -> [Float] {
      try loader.vector(name(pattern) + ".bias", count: count)
    }
    let biases =
      try configuration.hasAttentionBias
      ? Attention.Biases(
        query: bias(names.query, queryWidth), key: bias(names.key, keyWidth), value: bias(names.value, keyWidth),
        output: bias(names.output, width))
      : nil
    let norm: Attention.HeadNorm
    switch configuration.queryKeyNorm {
    case .none: norm = .none
    case .perHead:
      norm = .perHead(
        query: try loader.vector(name(names.queryNorm), count: configuration.headWidth),
        key: try loader.vector(name(names.keyNorm), count: configuration.headWidth))
    case .fullWidth:
      norm = .fullWidth(
        query: try loader.vector(name(names.queryNorm), count: queryWidth),
        key: try loader.vector(name(names.keyNorm), count: keyWidth))
    }
    return Attention(
      query: try loader.matrix(name(names.query) + ".weight", rows: queryWidth, columns: width),
      key: try loader.matrix(name(names.key) + ".weight", rows: keyWidth, columns: width),
      value: try loader.matrix(name(names.value) + ".weight", rows: keyWidth, columns: width),
      output: try loader.matrix(name(names.output) + ".weight", rows: width, columns: queryWidth),
      biases: biases, norm: norm, clip: configuration.clip, headWidth: configuration.headWidth,
      epsilon: configuration.normEpsilon)
  }

  private static func feedForward(
    _ layer: Int, _ configuration: ModelConfiguration, _ names: TensorNames, _ loader: WeightLoader
  ) throws -> FeedForward {
    func name(_ pattern: String) -> String { TensorNames.fill(pattern, layer: layer) }
    let width = configuration.modelWidth
    switch configuration.feedForward[layer] {
    case .dense(let denseWidth):
      return .dense(
        try loader.dense(
          gate: name(names.denseGate), up: name(names.denseUp), down: name(names.denseDown), width: width,
          expertWidth: denseWidth))
    case .sparse(let count, let perToken, let expertWidth, let isNormalized):
      let router = names.routers.map(name).first(where: loader.has) ?? name(names.routers[0])
      let form = names.experts.first { $0.isPresent(in: layer, loader.has) }
      guard let form = form ?? names.experts.last else { preconditionFailure("no names for experts") }
      return .sparse(
        MixtureOfExperts(
          router: try loader.matrix(router, rows: count, columns: width, format: .f32),
          experts: try loader.experts(form, layer: layer, count: count, width: width, expertWidth: expertWidth),
          expertsPerToken: perToken, isNormalized: isNormalized))
    }
  }
}

extension Architecture {
  var tensorNames: TensorNames {
    switch self {
    case .qwen3MoE: Qwen3MoE.tensorNames
    case .olmoe: OLMoE.tensorNames
    case .mixtral: Mixtral.tensorNames
    case .qwen3: Qwen3.tensorNames
    case .llama: Llama.tensorNames
    }
  }
}
