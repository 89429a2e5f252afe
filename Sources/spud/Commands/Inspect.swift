internal import ArgumentParser
internal import Foundation
internal import SpudInference
internal import SpudKernels
internal import SpudModels
internal import SpudTokens

/// `spud inspect`: what a model is made of, and what a token costs.
struct Inspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a model's shape, sizes, vocabulary and what one token costs.",
    discussion: """
      Active parameters are those that one token meets: all but the experts that it is not sent to. Bytes a token are \
      the weights that writing one token reads from memory, which bounds how fast a model can write.

      Examples:
        spud inspect
        spud inspect -m model.gguf
        spud inspect -m Qwen3-30B-A3B --weights q4_0 --json
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Computing") var compute: ComputeOptions
  @OptionGroup var json: JSONOptions

  struct IDRange: Encodable {
    var first: Int32
    var count: Int
  }

  /// Tensors of one type in the model's files.
  struct Stored: Encodable {
    var type: String
    var tensors, parameters, bytes: Int
    /// How memory holds them.
    var held: String
    /// Whether that takes more bits, since there is no form of their own for them in memory.
    var widened: Bool
  }

  struct Report: Encodable {
    var model: String
    var architecture: String
    var layers, modelWidth, heads, keyValueHeads, headWidth: Int
    /// Experts of a layer that has them, and how many of them a token is sent to; null in a dense model.
    var experts, expertsPerToken: Int?
    var context: Int
    /// How positions beyond the original context are told apart, and whether that was fixed when the model was loaded.
    var positions: String
    /// Layers of which a token sees a window only, and how many positions that holds; null where there is none.
    var windowLayers, window: Int?
    /// Layers whose heads have an attention sink; null where there is none.
    var sinkLayers: Int?
    var parameters, activeParameters: Int
    /// All weights as they stand in memory, and how.
    var bytes: Int
    var weights: String
    /// What the files hold, type by type.
    var stored: [Stored]
    /// Weights that writing one token reads.
    var bytesPerToken: Int
    /// Keys and values that each token of context takes.
    var cacheBytesPerToken: Int
    var cache: String
    /// Ids by modality; a text-only model has `text` alone.
    var vocabulary: [String: IDRange]
    /// How a text-only model's conversations are written: by a template of its own, or not at all.
    var chat: String?
    /// How the checkpoint advises to sample, which `run` does where nothing else is asked for; null without advice.
    var sampling: Advice?

    struct Advice: Encodable {
      var temperature, topP, minP, repetitionPenalty: Float
      var topK: Int
    }
  }

  func run() async throws {
    let model = try await compute.load(self.model.resolved(), text: .ifPresent)
    let report = try Report(model)
    if json.json { return try JSONOutput.print(report) }
    for (name, value) in report.lines {
      try Terminal.writeLine(name.padding(toLength: 18, withPad: " ", startingAt: 0) + value)
    }
  }
}

extension Inspect.Report {
  init(_ model: Model) throws {
    let costs = model.costs
    let shape = model.configuration
    self.model = model.name
    architecture = shape.architecture.rawValue
    layers = shape.layerCount
    modelWidth = shape.modelWidth
    heads = shape.headCount
    keyValueHeads = shape.keyValueHeadCount
    headWidth = shape.headWidth
    experts = costs.sparseLayers.first?.expertCount
    expertsPerToken = costs.sparseLayers.first?.expertsPerToken
    context = model.contextLength
    let plans = shape.layers.map { layer in
      switch layer.attention {
      case .grouped(let plan): plan
      }
    }
    positions = plans.first.map { Self.describe($0.rotary.scaling) } ?? ""
    let windows = plans.compactMap(\.window)
    if let window = windows.max() { (windowLayers, self.window) = (windows.count, window) }
    let sinks = plans.count { $0.sinks != nil }
    if sinks > 0 { sinkLayers = sinks }
    parameters = costs.parameters
    activeParameters = costs.activeParameters
    bytes = costs.bytes
    weights = costs.weightFormat
    stored = model.storedWeights.groups.map { group in
      .init(
        type: group.type, tensors: group.tensors, parameters: group.parameters, bytes: group.bytes,
        held: group.format.rawValue, widened: group.isWidened)
    }
    bytesPerToken = Int(costs.weightBytesPerToken(together: 1, writes: true))
    cacheBytesPerToken = model.cacheBytesPerToken
    cache = model.cacheFormatName
    if model.advisesSampling {
      let advice = model.defaultSampling
      sampling = Advice(
        temperature: advice.temperature, topP: advice.topP, minP: advice.minP,
        repetitionPenalty: advice.repetitionPenalty, topK: advice.topK)
    }
    if let vocabulary = model.streamTokenizer?.vocabulary {
      self.vocabulary = [
        "text": .init(vocabulary.text), "control": .init(vocabulary.control), "image": .init(vocabulary.image),
        "audio": .init(vocabulary.audio),
      ]
      if !vocabulary.residual.isEmpty { self.vocabulary["residual"] = .init(vocabulary.residual) }
    } else if model.hasTokenizer {
      vocabulary = ["text": .init(0..<Int32(model.textTokenizer.vocabularyCount))]
      chat = model.chatForm
    } else {
      vocabulary = ["text": .init(0..<Int32(shape.vocabularyCount))]
    }
  }

  /// How positions beyond the original context are told apart; empty where nothing is stretched.
  private static func describe(_ scaling: RotaryTable.Scaling) -> String {
    func number(_ value: some BinaryFloatingPoint) -> String { String(format: "%g", Double(value)) }
    switch scaling {
    case .none: return ""
    case .linear(let factor): return "linear, factor \(number(factor))"
    case .llama3(let factor, _, _, let original):
      return "llama3, factor \(number(factor)) beyond \(number(original)) tokens"
    case .yarn(let yarn):
      return "YaRN, factor \(number(yarn.factor)) beyond \(number(yarn.originalContext)) tokens"
    case .longRoPE(let long):
      let reach = long.context > long.originalContext ? "more than" : "up to"
      return "LongRoPE, frozen at a context of \(long.context) tokens: the factors for \(reach) "
        + "\(long.originalContext) hold from the first on"
    case .dynamic(let dynamic):
      return "dynamic NTK, factor \(number(dynamic.factor)) beyond \(dynamic.originalContext) tokens, frozen at a "
        + "context of \(dynamic.context): its base holds from the first token on"
    }
  }

  /// As a person reads it.
  var lines: [(name: String, value: String)] {
    func size(_ bytes: Int) -> String {
      bytes < 1 << 20
        ? String(format: "%.1f KiB", Double(bytes) / 1024) : String(format: "%.1f MiB", Double(bytes) / 1_048_576)
    }
    var lines = [
      ("model", model), ("architecture", architecture),
      ("layers", "\(layers), \(modelWidth) wide; \(heads) heads of \(headWidth), \(keyValueHeads) for keys and values"),
    ]
    if let experts, let expertsPerToken { lines.append(("experts", "\(experts) a layer, \(expertsPerToken) a token")) }
    lines += [
      ("parameters", "\(BenchmarkRow.short(parameters)), \(BenchmarkRow.short(activeParameters)) active"),
      ("weights", "\(size(bytes)) in \(weights), of which a token reads \(size(bytesPerToken))"),
    ]
    for type in stored {
      let held = "\(type.held)\(type.widened ? " (widened)" : "")"
      let count = type.tensors == 1 ? "1 tensor" : "\(type.tensors) tensors"
      lines.append(("  \(type.type)", "\(count), \(size(type.bytes)) in the files, held as \(held)"))
    }
    lines += [
      ("context", "\(context) tokens, each \(size(cacheBytesPerToken)) of \(cache) cache")
    ]
    if !positions.isEmpty { lines.append(("positions", positions)) }
    if let windowLayers, let window {
      lines.append(("window", "\(window) tokens, in \(windowLayers) of \(layers) layers"))
    }
    if let sinkLayers { lines.append(("sinks", "one for each head, in \(sinkLayers) of \(layers) layers")) }
    for name in ["text", "control", "image", "audio", "residual"] {
      guard let range = vocabulary[name] else { continue }
      lines.append(("\(name) ids", "\(range.first) to \(Int(range.first) + range.count - 1) (\(range.count))"))
    }
    if let chat { lines.append(("chat form", chat)) }
    if let sampling {
      lines.append(
        (
          "sampling",
          "temperature \(sampling.temperature), top-k \(sampling.topK), top-p \(sampling.topP), "
            + "min-p \(sampling.minP), repetition \(sampling.repetitionPenalty): as the checkpoint advises"
        ))
    }
    return lines
  }
}

extension Inspect.IDRange {
  init(_ range: Range<Int32>) {
    self.init(first: range.lowerBound, count: range.count)
  }
}
