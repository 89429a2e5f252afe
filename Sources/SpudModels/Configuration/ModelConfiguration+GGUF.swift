internal import SpudErrors
internal import SpudKernels
internal import SpudTensors

/// GGUF metadata, as llama.cpp's converter writes it.
///
/// Source: `gguf-py/gguf/constants.py` and `src/llama-model.cpp` of ggml-org/llama.cpp. What metadata leaves open is
/// read off the tensors, as llama.cpp does: which layers have experts, whether there are biases, whether the output is
/// tied.
extension ModelConfiguration {
  /// The architectures by GGUF's names. Mixtral is a `llama` with experts there.
  private static let architectures: [(name: String, architecture: Architecture)] = [
    ("qwen3moe", .qwen3MoE), ("olmoe", .olmoe), ("qwen3", .qwen3), ("llama", .llama),
  ]

  static func ggufName(of architecture: Architecture) -> String {
    let target = architecture == .mixtral ? .llama : architecture
    return architectures.first { $0.architecture == target }?.name ?? architecture.rawValue
  }

  /// - Throws: `SpudError.badData`, naming the key, its value and what may stand there.
  init(_ file: GGUFFile) throws {
    let reader = GGUFSettings(file)
    let name = try reader.string("general.architecture")
    guard let known = Self.architectures.first(where: { $0.name == name })?.architecture else {
      let choices = Self.architectures.map { "'\($0.name)'" }.joined(separator: ", ")
      throw SpudError(
        .badData, "\(reader.file): 'general.architecture' is '\(name)', but one of \(choices) was expected")
    }
    let shapes = Dictionary(file.tensors.map { ($0.name, $0.shape) }) { first, _ in first }
    let expertCount = try reader.optionalInt("\(name).expert_count", in: 0...Limits.experts.upperBound) ?? 0
    architecture = known == .llama && expertCount > 0 ? .mixtral : known
    modelWidth = try reader.int("\(name).embedding_length", in: Limits.width)
    headCount = try reader.int("\(name).attention.head_count", in: Limits.heads)
    keyValueHeadCount = try reader.optionalInt("\(name).attention.head_count_kv", in: Limits.heads) ?? headCount
    headWidth = try reader.optionalInt("\(name).attention.key_length", in: Limits.headWidth) ?? modelWidth / headCount
    contextLength = try reader.optionalInt("\(name).context_length", in: Limits.context) ?? 2048
    normEpsilon = Float(try reader.optionalDouble("\(name).attention.layer_norm_rms_epsilon", in: 0...1) ?? 1e-6)
    rotaryBase = Float(
      try reader.optionalDouble("\(name).rope.freq_base", in: Double.leastNormalMagnitude...1e30) ?? 10_000)
    rotaryScaling = try Self.scaling(reader, name)
    // Rows of queries and keys of this architecture alone are permuted, so that neighbours turn together.
    rotaryPairing = known == .llama ? .adjacent : .halves
    switch known {
    case .qwen3MoE, .qwen3: queryKeyNorm = .perHead
    case .olmoe: queryKeyNorm = .fullWidth
    case .llama, .mixtral: queryKeyNorm = .none
    }
    hasAttentionBias = shapes["blk.0.attn_q.bias"] != nil
    clip = try reader.optionalDouble("\(name).attention.clamp_kqv", in: 0...1e30).flatMap { $0 > 0 ? Float($0) : nil }
    isTied = shapes["output.weight"] == nil
    guard let embedding = shapes["token_embd.weight"], let rows = embedding.first, Limits.vocabulary.contains(rows)
    else {
      throw SpudError(.badData, "\(reader.file): has no tensor 'token_embd.weight' with a row for each token")
    }
    vocabularyCount = rows
    feedForward = []
    generation = try GenerationConfiguration(reader, vocabularyCount: rows)
    try readFeedForward(
      reader, name, expertCount: expertCount, isSparse: { shapes["blk.\($0).ffn_gate_inp.weight"] != nil })
    let rotaryWidth = try reader.optionalInt("\(name).rope.dimension_count", in: Limits.headWidth) ?? headWidth
    let valueWidth = try reader.optionalInt("\(name).attention.value_length", in: Limits.headWidth) ?? headWidth
    guard rotaryWidth == headWidth, valueWidth == headWidth else {
      throw SpudError(
        .badData,
        "\(reader.file): heads are \(headWidth) wide, their values \(valueWidth), and \(rotaryWidth) of that rotates, "
          + "but only equal widths are supported"
      )
    }
    try check(file: reader.file)
  }

  private mutating func readFeedForward(
    _ reader: GGUFSettings, _ name: String, expertCount: Int, isSparse: (Int) -> Bool
  ) throws {
    let layerCount = try reader.int("\(name).block_count", in: Limits.layers)
    let denseWidth = try reader.optionalInt("\(name).feed_forward_length", in: 0...Limits.feedForwardWidth.upperBound)
    let expertWidth = try reader.optionalInt("\(name).expert_feed_forward_length", in: Limits.feedForwardWidth)
    for layer in 0..<layerCount {
      guard isSparse(layer) else {
        guard let denseWidth, denseWidth > 0 else {
          throw SpudError(.badData, "\(reader.file): has no '\(name).feed_forward_length', but layer \(layer) is dense")
        }
        feedForward.append(.dense(width: denseWidth))
        continue
      }
      guard expertCount > 0, let width = expertWidth ?? denseWidth, width > 0 else {
        throw SpudError(
          .badData, "\(reader.file): layer \(layer) has a router, but '\(name).expert_count' or the experts' width is 0"
        )
      }
      feedForward.append(
        .sparse(
          expertCount: expertCount,
          expertsPerToken: try reader.int("\(name).expert_used_count", in: Limits.experts),
          expertWidth: width,
          // llama.cpp has these fixed by architecture; the key is for those that it does not fix so.
          normalized: try reader.optionalBool("\(name).expert_weights_norm") ?? (architecture != .olmoe)))
    }
  }

  private static func scaling(_ reader: GGUFSettings, _ name: String) throws -> RotaryTable.Scaling {
    let positive = Double.leastNormalMagnitude...1e30
    let kind = try reader.optionalString("\(name).rope.scaling.type") ?? "none"
    switch kind {
    case "none": return .none
    case "linear":
      return .linear(factor: Float(try reader.optionalDouble("\(name).rope.scaling.factor", in: positive) ?? 1))
    default:
      throw SpudError(
        .badData, "\(reader.file): '\(name).rope.scaling.type' is '\(kind)', but one of 'none', 'linear' was expected")
    }
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
