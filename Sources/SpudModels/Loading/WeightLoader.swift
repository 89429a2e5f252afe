internal import SpudErrors
internal import SpudKernels
internal import SpudTensors

/// Takes tensors from a checkpoint and packs them for the kernels.
final class WeightLoader {
  let checkpoint: Checkpoint
  let compute: Compute
  /// The format of all matrices, or nil to keep each as it is stored.
  private let format: WeightFormat?
  private let progress: ((Double) -> Void)?
  private var bytesDone = 0
  private let byteCount: Int
  /// What has been taken, by the type that it has in the files.
  private(set) var stored = StoredWeights()
  /// The memory that experts share where there is none for all of them.
  private(set) var memories: ExpertMemories?

  /// - Parameters:
  ///   - format: The format of all matrices, or nil to keep each as it is stored.
  ///   - experts: How experts are kept in memory.
  ///   - progress: Told the fraction that is loaded.
  init(
    _ checkpoint: Checkpoint, compute: Compute, format: WeightFormat?, experts: ExpertPolicy,
    progress: ((Double) -> Void)?
  ) throws {
    self.checkpoint = checkpoint
    self.compute = compute
    self.format = format
    self.progress = progress
    byteCount = max(checkpoint.tensors.byteCount, 1)
    memories = try makeMemories(experts)
  }

  /// A matrix `[rows, columns]`.
  ///
  /// - Parameter format: Overrides the loader's own; used where precision matters more than size.
  func matrix(_ plan: TensorPlan, format: WeightFormat? = nil) throws -> WeightMatrix {
    let name = checkpoint.name(of: plan)
    let format = try format ?? self.format(of: [name])
    if let rows = storedRows(plan), let matrix = try WeightMatrix(rows, format: format) {
      return try count(name, shape: plan.shape, as: format) { _ in matrix }
    }
    return try take(name, shape: plan.shape, as: format) { tensor, bytes in
      try WeightMatrix(
        bytes, encoding: tensor.elementType, rows: plan.shape[0], columns: plan.shape[1], format: format,
        compute: compute)
    }
  }

  /// A matrix `[rows, columns]` whose rows are looked up and never multiplied. It stays in its file, unless the caller
  /// of the loader wants another format.
  func rows(_ plan: TensorPlan) throws -> RowSource {
    guard format == nil, let rows = storedRows(plan) else { return .packed(try matrix(plan)) }
    let name = checkpoint.name(of: plan)
    return try count(name, shape: plan.shape, as: format(of: [name])) { _ in .stored(rows) }
  }

  /// The rows of a matrix as a file holds them; nil when they are made of other tensors, or are no such rows.
  private func storedRows(_ plan: TensorPlan) -> StoredRows? {
    let name = checkpoint.name(of: plan)
    guard let place = checkpoint.tensors.place(of: name), let type = checkpoint.tensors[name]?.elementType else {
      return nil
    }
    return StoredRows(place.file, at: place.range, encoding: type, rows: plan.shape[0], columns: plan.shape[1])
  }

  /// A vector `[count]`, as floats.
  func vector(_ plan: TensorPlan) throws -> [Float] {
    try take(checkpoint.name(of: plan), shape: plan.shape, as: .f32) { tensor, bytes in
      try Dequantization.floats(of: bytes, tensor.elementType, name: checkpoint.describe(tensor.name))
    }
  }

  /// A dense block without biases, as one expert.
  func dense(_ plan: DensePlan, modelWidth: Int) throws -> ExpertWeights {
    let names = [plan.gate, plan.up, plan.down].map { checkpoint.name(of: $0.weight) }
    let weights = try ExpertWeights(
      expertCount: 1, width: modelWidth, expertWidth: plan.width, format: try format(of: Array(names[..<2])),
      downFormat: try format(of: [names[2]]))
    for (name, projection) in zip(names, ExpertWeights.Projection.allCases) {
      let shape = projection == .down ? [modelWidth, plan.width] : [plan.width, modelWidth]
      try take(name, shape: shape, as: weights.format(of: projection)) { tensor, bytes in
        try weights.pack(projection, expert: 0, from: bytes, encoding: tensor.elementType, compute: compute)
      }
    }
    return weights
  }

  /// How to hold the weights of all these tensors together: what the caller of the loader wants, or what is nearest.
  func format(of names: [String]) throws -> WeightFormat {
    if let format { return format }
    return .nearest(to: try names.map { try checkpoint.weights($0).precision })
  }

  /// Hands a tensor of weights, of the expected shape, to `body`.
  func take<Result>(
    _ name: String, shape: [Int], as format: WeightFormat, _ body: (TensorInfo, RawSpan) throws -> Result
  ) throws -> Result {
    try count(name, shape: shape, as: format) { _ in try checkpoint.tensors.withBytes(of: name, body) }
  }

  /// Finds a tensor of weights, of the expected shape, and counts it as loaded when `body` is done with it.
  func count<Result>(
    _ name: String, shape: [Int], as format: WeightFormat, _ body: (TensorInfo) throws -> Result
  ) throws -> Result {
    try checkpoint.weights(name)
    let tensor = try checkpoint.use(name, shape: shape)
    let result = try body(tensor)
    stored.count(tensor, as: format)
    bytesDone += tensor.byteRange.count
    progress?(Double(bytesDone) / Double(byteCount))
    return result
  }
}
