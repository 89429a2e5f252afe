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

  init(_ checkpoint: Checkpoint, compute: Compute, format: WeightFormat?, progress: ((Double) -> Void)?) {
    self.checkpoint = checkpoint
    self.compute = compute
    self.format = format
    self.progress = progress
    byteCount = max(checkpoint.tensors.byteCount, 1)
  }

  /// A matrix `[rows, columns]`.
  ///
  /// - Parameter format: Overrides the loader's own; used where precision matters more than size.
  func matrix(_ plan: TensorPlan, format: WeightFormat? = nil) throws -> WeightMatrix {
    let name = checkpoint.name(of: plan)
    let format = try format ?? self.format(of: [name])
    return try take(name, shape: plan.shape, as: format) { tensor, bytes in
      try WeightMatrix(
        bytes, encoding: tensor.elementType, rows: plan.shape[0], columns: plan.shape[1], format: format,
        compute: compute)
    }
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
      try pack(name, projection, expert: 0, into: weights)
    }
    return weights
  }

  /// All experts of a layer, however they are stored.
  func experts(_ plan: ExpertsPlan, modelWidth: Int) throws -> ExpertWeights {
    let form = checkpoint.form(of: plan)
    let weights = try ExpertWeights(
      expertCount: plan.expertCount, width: modelWidth, expertWidth: plan.width,
      format: try format(of: form.gateUpNames(expertCount: plan.expertCount)),
      downFormat: try format(of: form.downNames(expertCount: plan.expertCount)))
    switch form {
    case .separate(let gate, let up, let down):
      for expert in 0..<plan.expertCount {
        try pack(ExpertForm.fill(gate, expert: expert), .gate, expert: expert, into: weights)
        try pack(ExpertForm.fill(up, expert: expert), .up, expert: expert, into: weights)
        try pack(ExpertForm.fill(down, expert: expert), .down, expert: expert, into: weights)
      }
    case .fused(let gateUp, let down):
      let shape = [plan.expertCount, 2 * plan.width, modelWidth]
      try take(gateUp, shape: shape, as: weights.format) { tensor, bytes in
        let half = bytes.byteCount / (2 * plan.expertCount)
        for expert in 0..<plan.expertCount {
          let start = expert * 2 * half
          let gate = bytes.extracting(start..<start + half)
          let up = bytes.extracting(start + half..<start + 2 * half)
          try weights.pack(.gate, expert: expert, from: gate, encoding: tensor.elementType, compute: compute)
          try weights.pack(.up, expert: expert, from: up, encoding: tensor.elementType, compute: compute)
        }
      }
      try pack(down, .down, into: weights)
    case .stacked(let gate, let up, let down):
      try pack(gate, .gate, into: weights)
      try pack(up, .up, into: weights)
      try pack(down, .down, into: weights)
    }
    return weights
  }

  /// One projection of one expert, stored as a matrix of its own.
  private func pack(_ name: String, _ projection: ExpertWeights.Projection, expert: Int, into weights: ExpertWeights)
    throws
  {
    try take(name, shape: Self.shape(of: projection, weights), as: weights.format(of: projection)) { tensor, bytes in
      try weights.pack(projection, expert: expert, from: bytes, encoding: tensor.elementType, compute: compute)
    }
  }

  /// One projection of all experts, stored as one tensor.
  private func pack(_ name: String, _ projection: ExpertWeights.Projection, into weights: ExpertWeights) throws {
    let shape = [weights.expertCount] + Self.shape(of: projection, weights)
    try take(name, shape: shape, as: weights.format(of: projection)) { tensor, bytes in
      try weights.pack(projection, from: bytes, encoding: tensor.elementType, compute: compute)
    }
  }

  private static func shape(of projection: ExpertWeights.Projection, _ weights: ExpertWeights) -> [Int] {
    projection == .down ? [weights.width, weights.expertWidth] : [weights.expertWidth, weights.width]
  }

  /// How to hold the weights of all these tensors together: what the caller of the loader wants, or what is nearest.
  private func format(of names: [String]) throws -> WeightFormat {
    if let format { return format }
    return .nearest(to: try names.map { try checkpoint.weights($0).precision })
  }

  /// Hands a tensor of weights, of the expected shape, to `body`.
  private func take<Result>(
    _ name: String, shape: [Int], as format: WeightFormat, _ body: (TensorInfo, RawSpan) throws -> Result
  ) throws -> Result {
    try checkpoint.weights(name)
    let tensor = try checkpoint.use(name, shape: shape)
    let result = try checkpoint.tensors.withBytes(of: name, body)
    stored.count(tensor, as: format)
    bytesDone += tensor.byteRange.count
    progress?(Double(bytesDone) / Double(byteCount))
    return result
  }
}
