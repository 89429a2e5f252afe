internal import SpudErrors
internal import SpudKernels
internal import SpudTensors

/// Takes tensors from a source, checks their shapes, and packs them for the kernels.
///
/// It remembers what it has taken: a tensor that nobody asked for is as much an error as a missing one, since either
/// means that this is not the model that the configuration describes.
final class WeightLoader {
  let source: TensorSource
  let compute: Compute
  /// The format of all matrices, or nil to keep each as it is stored.
  let format: WeightFormat?
  private let progress: ((Double) -> Void)?
  private var used: Set<[UInt8]> = []
  private var bytesDone = 0
  private let byteCount: Int

  init(_ source: TensorSource, compute: Compute, format: WeightFormat?, progress: ((Double) -> Void)?) {
    self.source = source
    self.compute = compute
    self.format = format
    self.progress = progress
    byteCount = max(source.byteCount, 1)
  }

  func has(_ name: String) -> Bool { source[name] != nil }

  /// A matrix `[rows, columns]`.
  ///
  /// - Parameter format: Overrides the loader's own; used where precision matters more than size.
  func matrix(_ name: String, rows: Int, columns: Int, format: WeightFormat? = nil) throws -> WeightMatrix {
    try take(name, shape: [rows, columns]) { tensor, bytes in
      let encoding = try encoding(of: tensor)
      return try WeightMatrix(
        bytes, encoding: encoding, rows: rows, columns: columns,
        format: format ?? self.format ?? encoding.nearestFormat,
        compute: compute)
    }
  }

  /// A vector `[count]`, as floats.
  func vector(_ name: String, count: Int) throws -> [Float] {
    try take(name, shape: [count]) { tensor, bytes in
      try Dequantization.floats(of: bytes, tensor.elementType, name: describe(tensor.name))
    }
  }

  /// A block's gate, up and down as the one expert of a dense layer.
  func dense(gate: String, up: String, down: String, width: Int, expertWidth: Int) throws -> ExpertWeights {
    let weights = try ExpertWeights(
      expertCount: 1, width: width, expertWidth: expertWidth, format: try formatForExperts(gate))
    try pack(gate, .gate, expert: 0, into: weights)
    try pack(up, .up, expert: 0, into: weights)
    try pack(down, .down, expert: 0, into: weights)
    return weights
  }

  /// All experts of a layer, however they are stored.
  func experts(
    _ names: TensorNames.ExpertNames, layer: Int, count: Int, width: Int, expertWidth: Int
  ) throws -> ExpertWeights {
    func fill(_ pattern: String, _ expert: Int? = nil) -> String {
      TensorNames.fill(pattern, layer: layer, expert: expert)
    }
    switch names {
    case .separate(let gate, let up, let down):
      let weights = try ExpertWeights(
        expertCount: count, width: width, expertWidth: expertWidth, format: try formatForExperts(fill(gate, 0)))
      for expert in 0..<count {
        try pack(fill(gate, expert), .gate, expert: expert, into: weights)
        try pack(fill(up, expert), .up, expert: expert, into: weights)
        try pack(fill(down, expert), .down, expert: expert, into: weights)
      }
      return weights
    case .fused(let gateUp, let down):
      let weights = try ExpertWeights(
        expertCount: count, width: width, expertWidth: expertWidth, format: try formatForExperts(fill(gateUp)))
      try take(fill(gateUp), shape: [count, 2 * expertWidth, width]) { tensor, bytes in
        let encoding = try encoding(of: tensor)
        let half = bytes.byteCount / (2 * count)
        for expert in 0..<count {
          let start = expert * 2 * half
          let gate = bytes.extracting(start..<start + half)
          let up = bytes.extracting(start + half..<start + 2 * half)
          try weights.pack(.gate, expert: expert, from: gate, encoding: encoding, compute: compute)
          try weights.pack(.up, expert: expert, from: up, encoding: encoding, compute: compute)
        }
      }
      try pack(fill(down), .down, into: weights)
      return weights
    case .stacked(let gate, let up, let down):
      let weights = try ExpertWeights(
        expertCount: count, width: width, expertWidth: expertWidth, format: try formatForExperts(fill(gate)))
      try pack(fill(gate), .gate, into: weights)
      try pack(fill(up), .up, into: weights)
      try pack(fill(down), .down, into: weights)
      return weights
    }
  }

  /// - Throws: `SpudError.badData` if the source holds a tensor that was never asked for.
  func finish(ignoring ignored: [String]) throws {
    let unused = source.tensorNames.filter { name in
      !used.contains(Array(name.utf8)) && !ignored.contains { name == $0 || name.hasSuffix(".\($0)") }
    }
    guard let first = unused.first else { return }
    let others = unused.count > 1 ? " and \(unused.count - 1) more" : ""
    throw SpudError(
      .badData,
      "\(source.fileName(of: first)): holds tensor '\(first)'\(others), which the configuration gives no use for")
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
    guard let tensor = source[name] else { throw missing(name) }
    return try format ?? encoding(of: tensor).nearestFormat
  }

  /// Hands a tensor of the expected shape to `body`.
  private func take<Result>(_ name: String, shape: [Int], _ body: (TensorInfo, RawSpan) throws -> Result) throws
    -> Result
  {
    guard let tensor = source[name] else { throw missing(name) }
    guard tensor.shape == shape else {
      throw SpudError(
        .badData, "\(describe(name)) has shape \(tensor.shape), but the configuration implies \(shape)")
    }
    used.insert(Array(name.utf8))
    let result = try source.withBytes(of: name, body)
    bytesDone += tensor.byteRange.count
    progress?(Double(bytesDone) / Double(byteCount))
    return result
  }

  private func missing(_ name: String) -> SpudError {
    SpudError(.badData, "\(source.name): there is no tensor '\(name)', but the configuration implies one")
  }

  private func describe(_ name: String) -> String { "\(source.fileName(of: name)): tensor '\(name)'" }

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
        .badData, "\(describe(tensor.name)) has elements of type \(tensor.elementType), but weights can be \(choices)")
    }
  }
}
