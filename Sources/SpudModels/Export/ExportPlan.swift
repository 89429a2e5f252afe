internal import SpudErrors
internal import SpudKernels
internal import SpudTensors

/// Which tensors of a checkpoint become which tensors of a GGUF file.
final class ExportPlan {
  private let checkpoint: Checkpoint
  private let mix: QuantizationMix
  private let importance: ImportanceMatrix?
  private let progress: ((Double) -> Void)?
  private var bytesDone = 0

  init(_ checkpoint: Checkpoint, mix: QuantizationMix, importance: ImportanceMatrix?, progress: ((Double) -> Void)?) {
    self.checkpoint = checkpoint
    self.mix = mix
    self.importance = importance
    self.progress = progress
  }

  /// Describes every tensor, and checks that the checkpoint has just those.
  func addTensors(to writer: inout GGUFWriter) throws {
    let configuration = checkpoint.configuration
    try add(configuration.embedding, in: &writer)
    for layer in configuration.layers {
      try add(layer.attentionNorm, in: &writer)
      try add(layer.attention, in: &writer)
      try add(layer.feedForwardNorm, in: &writer)
      try add(layer.feedForward, in: &writer)
    }
    try add(configuration.finalNorm, in: &writer)
    if !configuration.isTied { try add(configuration.head, in: &writer) }
    switch configuration.layers[0].attention {
    case .grouped(let plan): addFrequencyDivisors(of: plan.rotary, in: &writer)
    }
    try checkpoint.checkAllUsed()
  }

  private func add(_ norm: NormPlan, in writer: inout GGUFWriter) throws {
    switch norm {
    case .rootMeanSquare(let weight, _): try add(weight, in: &writer)
    }
  }

  private func add(_ attention: AttentionPlan, in writer: inout GGUFWriter) throws {
    switch attention {
    case .grouped(let plan):
      // Where neighbours turn together in GGUF, rows are reordered to make them neighbours.
      let isPermuted = checkpoint.configuration.architecture.description.ggufPairing == .adjacent
      try add(plan.query, heads: isPermuted ? plan.headCount : 0, in: &writer)
      try add(plan.key, heads: isPermuted ? plan.keyValueHeadCount : 0, in: &writer)
      try add(plan.value, in: &writer)
      try add(plan.output, in: &writer)
      if let sinks = plan.sinks { try add(sinks, in: &writer) }
      switch plan.headNorm {
      case .none: break
      case .perHead(let query, let key, _), .fullWidth(let query, let key, _):
        try add(query, in: &writer)
        try add(key, in: &writer)
      }
    }
  }

  private func add(_ feedForward: FeedForwardPlan, in writer: inout GGUFWriter) throws {
    switch feedForward {
    case .dense(let plan):
      for projection in [plan.gate, plan.up, plan.down] { try add(projection, in: &writer) }
    case .experts(let plan):
      switch plan.router {
      case .softmax(let weight, _): try add(weight, type: .f32, in: &writer)
      case .softmaxOfBest(let projection):
        try add(projection.weight, type: .f32, in: &writer)
        if let bias = projection.bias { try add(bias, in: &writer) }
      }
      try addExperts(plan, in: &writer)
    }
  }

  private func add(_ projection: ProjectionPlan, heads: Int = 0, in writer: inout GGUFWriter) throws {
    try add(projection.weight, heads: heads, in: &writer)
    if let bias = projection.bias { try add(bias, heads: heads, in: &writer) }
  }

  private func addExperts(_ plan: ExpertsPlan, in writer: inout GGUFWriter) throws {
    guard case .stacked(let gate, let up, let down) = plan.ggufForms[0] else {
      preconditionFailure("GGUF holds all experts of a layer in one tensor")
    }
    let (count, width) = (plan.expertCount, checkpoint.configuration.modelWidth)
    let parts = checkpoint.form(of: plan).parts(plan, modelWidth: width)
    for (target, projection) in zip([gate, up, down], ExpertWeights.Projection.allCases) {
      let shape = projection == .down ? [count, width, plan.width] : [count, plan.width, width]
      try add(parts, projection, shape: shape, as: type(of: target, shape: shape), to: target, in: &writer)
      if plan.isBiased {
        try add(
          parts.map(\.biases), projection, shape: Array(shape[..<2]), as: .f32, to: ExpertForm.biasName(of: target),
          in: &writer)
      }
    }
  }

  /// Adds one projection of all experts.
  private func add(
    _ parts: [ExpertForm.Part], _ projection: ExpertWeights.Projection, shape: [Int], as type: ElementType,
    to target: String, in writer: inout GGUFWriter
  ) throws {
    let parts = parts.filter { $0.projections.contains(projection) }
    for part in parts { try checkpoint.use(part.name, shape: part.shape) }
    writer.add(target, type, shape: shape) {
      try parts.flatMap { try self.bytes(of: projection, in: $0, as: type, target) }
    }
  }

  /// One projection of the experts that a tensor holds.
  private func bytes(
    of projection: ExpertWeights.Projection, in part: ExpertForm.Part, as type: ElementType, _ target: String
  ) throws -> [UInt8] {
    try checkpoint.tensors.withBytes(of: part.name) { tensor, stored in
      let size = stored.byteCount / part.experts.count
      var bytes: [UInt8] = []
      for start in stride(from: 0, to: stored.byteCount, by: size) {
        let range = part.range(of: projection, count: size) ?? 0..<size
        let read = try floats(of: stored.extracting(start + range.lowerBound..<start + range.upperBound), tensor)
        let values =
          part.layout == .inOrder ? read : part.values(of: projection, in: read[...], width: part.rowWidth)
        bytes += Quantization.bytes(of: values.span, as: type, importance: importance?.columns(of: target))
      }
      return bytes
    }
  }

  /// Adds one tensor; `heads` > 0 reorders the rows of each of so many heads from halves to neighbours.
  private func add(
    _ plan: TensorPlan, heads: Int = 0, type forced: ElementType? = nil, in writer: inout GGUFWriter
  ) throws {
    let name = checkpoint.name(of: plan)
    let shape = plan.shape
    try checkpoint.use(name, shape: shape)
    let type = forced ?? (shape.count == 1 ? .f32 : type(of: plan.ggufName, shape: shape))
    let width = shape.count == 1 ? 1 : shape[1]
    writer.add(plan.ggufName, type, shape: shape) {
      try self.bytes(of: name, rows: shape[0], width: width, heads: heads, as: type, plan.ggufName)
    }
  }

  private func bytes(
    of name: String, rows: Int, width: Int, heads: Int, as type: ElementType, _ target: String
  ) throws -> [UInt8] {
    var values = try floats(0..<rows, of: name, width: width)
    if heads > 0 {
      let half = rows / heads / 2
      let original = values
      for row in 0..<rows {
        let place = row % (2 * half)
        let origin = row - place + place % 2 * half + place / 2
        for column in 0..<width { values[row * width + column] = original[origin * width + column] }
      }
    }
    return Quantization.bytes(of: values.span, as: type, importance: importance?.columns(of: target))
  }

  /// Llama 3's scaling, and a base that grew with the context, which GGUF says as what each frequency is divided by.
  private func addFrequencyDivisors(of plan: RotaryPlan, in writer: inout GGUFWriter) {
    switch plan.scaling {
    case .llama3, .dynamic: break
    case .none, .linear, .yarn, .longRoPE: return
    }
    let divisors = zip(
      RotaryTable.frequencies(width: plan.width, base: plan.base),
      RotaryTable.frequencies(width: plan.width, base: plan.base, scaling: plan.scaling)
    ).map { $0 / $1 }
    writer.add("rope_freqs.weight", .f32, shape: [plan.width / 2]) { divisors.littleEndianBytes }
  }

  /// What the mix makes of a matrix.
  private func type(of name: String, shape: [Int]) -> ElementType {
    mix.type(
      of: QuantizationMix.Place(
        name: name, shape: shape, layerCount: checkpoint.configuration.layerCount,
        expertCount: checkpoint.configuration.expertCount,
        isTied: checkpoint.configuration.isTied))
  }

  /// Some rows of a tensor that is seen as a matrix `width` wide, as floats.
  private func floats(_ rows: Range<Int>, of name: String, width: Int) throws -> [Float] {
    try checkpoint.tensors.withBytes(of: name) { tensor, bytes in
      let rowBytes = bytes.byteCount / max(tensor.elementCount / width, 1)
      return try floats(
        of: bytes.extracting(rows.lowerBound * rowBytes..<rows.upperBound * rowBytes), tensor)
    }
  }

  private func floats(of bytes: RawSpan, _ tensor: TensorInfo) throws -> [Float] {
    bytesDone += bytes.byteCount
    progress?(min(1, Double(bytesDone) / Double(max(checkpoint.tensors.byteCount, 1))))
    return try Dequantization.floats(of: bytes, tensor.elementType, name: checkpoint.describe(tensor.name))
  }
}
