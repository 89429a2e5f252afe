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
    try take(checkpoint.name(of: plan), shape: plan.shape) { tensor, bytes in
      let encoding = try encoding(of: tensor)
      return try WeightMatrix(
        bytes, encoding: encoding, rows: plan.shape[0], columns: plan.shape[1],
        format: format ?? self.format ?? encoding.nearestFormat,
        compute: compute)
    }
  }

  /// A vector `[count]`, as floats.
  func vector(_ plan: TensorPlan) throws -> [Float] {
    try take(checkpoint.name(of: plan), shape: plan.shape) { tensor, bytes in
      try Dequantization.floats(of: bytes, tensor.elementType, name: checkpoint.describe(tensor.name))
    }
  }

  /// A dense block without biases, as one expert.
  func dense(_ plan: DensePlan, modelWidth: Int) throws -> ExpertWeights {
    let gate = checkpoint.name(of: plan.gate.weight)
    let weights = try ExpertWeights(
      expertCount: 1, width: modelWidth, expertWidth: plan.width, format: try formatForExperts(gate))
    try pack(gate, .gate, expert: 0, into: weights)
    try pack(checkpoint.name(of: plan.up.weight), .up, expert: 0, into: weights)
    try pack(checkpoint.name(of: plan.down.weight), .down, expert: 0, into: weights)
    return weights
  }

  /// All experts of a layer, however they are stored.
  func experts(_ plan: ExpertsPlan, modelWidth: Int) throws -> ExpertWeights {
    let form = checkpoint.form(of: plan)
    let weights = try ExpertWeights(
      expertCount: plan.expertCount, width: modelWidth, expertWidth: plan.width,
      format: try formatForExperts(form.mark))
    switch form {
    case .separate(let gate, let up, let down):
      for expert in 0..<plan.expertCount {
        try pack(ExpertForm.fill(gate, expert: expert), .gate, expert: expert, into: weights)
        try pack(ExpertForm.fill(up, expert: expert), .up, expert: expert, into: weights)
        try pack(ExpertForm.fill(down, expert: expert), .down, expert: expert, into: weights)
      }
    case .fused(let gateUp, let down):
      try take(gateUp, shape: [plan.expertCount, 2 * plan.width, modelWidth]) { tensor, bytes in
        let encoding = try encoding(of: tensor)
        let half = bytes.byteCount / (2 * plan.expertCount)
        for expert in 0..<plan.expertCount {
          let start = expert * 2 * half
          let gate = bytes.extracting(start..<start + half)
          let up = bytes.extracting(start + half..<start + 2 * half)
          try weights.pack(.gate, expert: expert, from: gate, encoding: encoding, compute: compute)
          try weights.pack(.up, expert: expert, from: up, encoding: encoding, compute: compute)
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
    try take(name, shape: Self.shape(of: projection, weights)) { tensor, bytes in
      try weights.pack(projection, expert: expert, from: bytes, encoding: try encoding(of: tensor), compute: compute)
    }
  }

  /// One projection of all experts, stored as one tensor.
  private func pack(_ name: String, _ projection: ExpertWeights.Projection, into weights: ExpertWeights) throws {
    try take(name, shape: [weights.expertCount] + Self.shape(of: projection, weights)) { tensor, bytes in
      try weights.pack(projection, from: bytes, encoding: try encoding(of: tensor), compute: compute)
    }
  }

  private static func shape(of projection: ExpertWeights.Projection, _ weights: ExpertWeights) -> [Int] {
    projection == .down ? [weights.width, weights.expertWidth] : [weights.expertWidth, weights.width]
  }

  private func formatForExperts(_ name: String) throws -> WeightFormat {
    guard let tensor = checkpoint.tensors[name] else { throw checkpoint.missing(name) }
    return try format ?? encoding(of: tensor).nearestFormat
  }

  /// Hands a tensor of the expected shape to `body`.
  private func take<Result>(_ name: String, shape: [Int], _ body: (TensorInfo, RawSpan) throws -> Result) throws
    -> Result
  {
    let tensor = try checkpoint.use(name, shape: shape)
    let result = try checkpoint.tensors.withBytes(of: name, body)
    bytesDone += tensor.byteRange.count
    progress?(Double(bytesDone) / Double(byteCount))
    return result
  }

  private func encoding(of tensor: TensorInfo) throws -> WeightEncoding {
    switch tensor.elementType {
    case .f32: return .f32
    case .f16: return .f16
    case .bf16: return .bf16
    case .q8_0: return .q8_0
    case .q4_0: return .q4_0
    case .q4_k: return .q4_K
    case .q6_k: return .q6_K
    default:
      let choices = ElementType.readable.map(\.rawValue).joined(separator: ", ")
      throw SpudError(
        .badData,
        "\(checkpoint.describe(tensor.name)) has elements of type \(tensor.elementType), but weights can be \(choices)")
    }
  }
}
