public import ArgumentParser
internal import Foundation
internal import SpudInference
public import SpudKernels
internal import SpudOptions

extension Backend: ExpressibleByArgument {}
extension WeightFormat: ExpressibleByArgument {
  public init?(argument: String) {
    guard let format = WeightFormat(rawValue: argument), format.isGeneral else { return nil }
    self = format
  }

  public static var allValueStrings: [String] { general.map(\.rawValue) }
}
extension CacheFormat: ExpressibleByArgument {}

/// How a model is held in memory, and what computes.
struct ComputeOptions: ParsableArguments {
  @OptionGroup var threads: ThreadOptions

  @Option(name: .long, help: "Who multiplies: native (the project's own kernels) or blas (OpenBLAS, in float32).")
  var kernels = Backend.native

  @Option(name: .long, help: "Hold the weights in this format. Default: as the file does; f32 for --kernels blas.")
  var weights: WeightFormat?

  @Option(name: .long, help: "Hold the key-value cache in this format.")
  var cache = CacheFormat.bf16

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Memory for the keys and values of all conversations, such as 512M or 2G. Default: half of what is free.",
      valueName: "bytes"))
  var cacheSize: ByteCount?

  @Option(
    name: .long,
    help: ArgumentHelp("Tokens that a conversation may hold. Default: as the model was made.", valueName: "n"))
  var context: Int?

  @OptionGroup var attention: AttentionOptions
  @OptionGroup var experts: ExpertOptions

  /// Loads the model, with a line of progress while that takes long.
  ///
  /// - Parameters:
  ///   - waits: Whether a person is waited for, so that there is time to pack what no token has met.
  ///   - other: A model to share threads with; its companion's weights are held as its files have them.
  func load(
    _ path: String, contextLength: Int? = nil, raw: Bool = false, text: LoadOptions.Text = .required,
    waits: Bool = false, sharing other: Model? = nil
  ) async throws -> Model {
    let progress = Progress("loading \(ModelLocation.name(of: path))")
    defer { progress.finish() }
    var options = LoadOptions(
      threads: threads.count, kernels: kernels, weights: weights, cache: cache, contextLength: contextLength ?? context,
      continuesText: raw, onProgress: { progress.update($0) })
    options.text = text
    options.packsAhead = waits
    options.cacheSize = cacheSize?.count
    options.attend = attention.attend
    options.weightsCache = experts.weightsCache?.count
    guard let other else { return try await Model.load(path, options: options) }
    options.weights = nil
    return try await Model.load(path, options: options, sharing: other)
  }
}
