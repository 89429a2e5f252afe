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
  ///   - experts: How many experts are kept in memory together.
  ///   - progress: Told the fraction that is loaded, from 0 to 1.
  /// - Throws: `SpudError`: `.noInput` when there is no such model; `.badData` when the files contradict each other, or
  ///   are for an architecture that this runtime does not know.
  package static func load(
    path: String, compute: Compute, weightFormat: WeightFormat? = nil, experts: ExpertPolicy = ExpertPolicy(),
    progress: ((Double) -> Void)? = nil
  ) throws -> Transformer {
    try load(
      Checkpoint(path: path), compute: compute, weightFormat: weightFormat, experts: experts, progress: progress)
  }

  /// Loads a model whose files are open.
  package static func load(
    _ checkpoint: Checkpoint, compute: Compute, weightFormat: WeightFormat? = nil,
    experts: ExpertPolicy = ExpertPolicy(), progress: ((Double) -> Void)? = nil
  ) throws -> Transformer {
    try Transformer(
      WeightLoader(checkpoint, compute: compute, format: weightFormat, experts: experts, progress: progress))
  }

  private convenience init(_ loader: WeightLoader) throws {
    let configuration = loader.checkpoint.configuration
    var tables = RotaryTables(loader)
    let tied = configuration.isTied ? try loader.matrix(configuration.embedding) : nil
    let embedding = try tied.map { .packed($0) } ?? loader.rows(configuration.embedding)
    let layers = try configuration.layers.map { plan in
      DecoderLayer(
        attentionNorm: try loader.norm(plan.attentionNorm),
        attention: try loader.attention(plan.attention, &tables),
        feedForwardNorm: try loader.norm(plan.feedForwardNorm),
        feedForward: try loader.feedForward(plan.feedForward, modelWidth: configuration.modelWidth))
    }
    let finalNorm = try loader.norm(configuration.finalNorm)
    let head = try tied ?? loader.matrix(configuration.head)
    try loader.checkpoint.checkAllUsed()
    self.init(
      configuration: configuration, compute: loader.compute, stored: loader.stored, embedding: embedding,
      layers: layers,
      finalNorm: finalNorm, head: head)
  }
}

/// The rotary tables of a model: layers that turn alike share one.
private struct RotaryTables {
  private let loader: WeightLoader
  private var made: [(plan: RotaryPlan, table: RotaryTable)] = []

  init(_ loader: WeightLoader) { self.loader = loader }

  /// - Throws: `SpudError.badData` for divisors that are no divisors.
  mutating func table(_ plan: RotaryPlan) throws -> RotaryTable {
    if let table = made.first(where: { $0.plan == plan })?.table { return table }
    let divisors = try plan.divisors.map { try loader.vector($0) }
    guard divisors?.allSatisfy({ $0 > 0 && $0.isFinite }) ?? true else {
      throw SpudError(
        .badData,
        "\(loader.checkpoint.tensors.name): tensor '\(plan.divisors?.ggufName ?? "")' holds divisors that are not "
          + "above 0"
      )
    }
    let table = RotaryTable(
      width: plan.width, base: plan.base, scaling: plan.scaling, pairing: plan.pairing, divisors: divisors)
    made.append((plan, table))
    return table
  }
}

extension WeightLoader {
  fileprivate func norm(_ plan: NormPlan) throws -> Norm {
    switch plan {
    case .rootMeanSquare(let weight, let epsilon): Norm(weight: try vector(weight), epsilon: epsilon)
    }
  }

  fileprivate func projection(_ plan: ProjectionPlan, format: WeightFormat? = nil) throws -> Projection {
    Projection(weight: try matrix(plan.weight, format: format), bias: try plan.bias.map { try vector($0) })
  }

  fileprivate func attention(_ plan: AttentionPlan, _ tables: inout RotaryTables) throws -> Attention {
    switch plan {
    case .grouped(let plan):
      Attention(
        query: try projection(plan.query), key: try projection(plan.key), value: try projection(plan.value),
        output: try projection(plan.output), norm: try headNorm(plan.headNorm), clip: plan.clip,
        window: plan.window, sinks: try plan.sinks.map { try vector($0) }, headWidth: plan.headWidth,
        table: try tables.table(plan.rotary))
    }
  }

  private func headNorm(_ plan: GroupedAttentionPlan.HeadNorm) throws -> Attention.HeadNorm {
    switch plan {
    case .none: .none
    case .perHead(let query, let key, let epsilon):
      .perHead(
        query: Norm(weight: try vector(query), epsilon: epsilon), key: Norm(weight: try vector(key), epsilon: epsilon))
    case .fullWidth(let query, let key, let epsilon):
      .fullWidth(
        query: Norm(weight: try vector(query), epsilon: epsilon), key: Norm(weight: try vector(key), epsilon: epsilon))
    }
  }

  fileprivate func feedForward(_ plan: FeedForwardPlan, modelWidth: Int) throws -> FeedForward {
    switch plan {
    case .dense(let plan) where plan.biases != nil:
      .biased(
        BiasedFeedForward(
          gate: try projection(plan.gate), up: try projection(plan.up), down: try projection(plan.down)))
    case .dense(let plan): .dense(try dense(plan, modelWidth: modelWidth))
    case .experts(let plan):
      .sparse(try mixture(plan, modelWidth: modelWidth))
    }
  }

  private func mixture(_ plan: ExpertsPlan, modelWidth: Int) throws -> MixtureOfExperts {
    let router: Projection
    let score: RouterScore
    switch plan.router {
    case .softmax(let weight, let isNormalized):
      router = Projection(weight: try matrix(weight, format: .f32), bias: nil)
      score = .softmax(isNormalized: isNormalized)
    case .softmaxOfBest(let projection):
      router = try self.projection(projection, format: .f32)
      score = .softmaxOfBest
    }
    return MixtureOfExperts(
      router: router, experts: try experts(plan, modelWidth: modelWidth), expertsPerToken: plan.expertsPerToken,
      score: score)
  }
}
