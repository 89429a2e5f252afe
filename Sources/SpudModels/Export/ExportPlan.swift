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
    let shapes = [[count, plan.width, width], [count, plan.width, width], [count, width, plan.width]]
    let form = checkpoint.form(of: plan)
    for (index, target) in [gate, up, down].enumerated() {
      let shape = shapes[index]
      let type = type(of: target, shape: shape)
      let pieces = Self.pieces(of: form, index, shape, expertWidth: plan.width)
      for piece in pieces { try checkpoint.use(piece.name, shape: piece.shape) }
      writer.add(target, type, shape: shape) { try self.bytes(of: pieces, width: shape[2], as: type, target) }
    }
  }

  /// Where gate (0), up (1) or down (2) of all experts are, `shape` together.
  private static func pieces(of form: ExpertForm, _ index: Int, _ shape: [Int], expertWidth: Int) -> [Piece] {
    switch form {
    case .separate(let gate, let up, let down):
      let pattern = [gate, up, down][index]
      return (0..<shape[0]).map {
        Piece(name: ExpertForm.fill(pattern, expert: $0), shape: Array(shape[1...]), rows: 0..<shape[1])
      }
    case .fused(let gateUp, let down):
      guard index < 2 else { return [Piece(name: down, shape: shape, rows: 0..<shape[0] * shape[1])] }
      return (0..<shape[0]).map { expert in
        let first = (2 * expert + index) * expertWidth
        return Piece(name: gateUp, shape: [shape[0], 2 * expertWidth, shape[2]], rows: first..<first + expertWidth)
      }
    case .stacked(let gate, let up, let down):
      return [Piece(name: [gate, up, down][index], shape: shape, rows: 0..<shape[0] * shape[1])]
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

  /// Some rows of a tensor of the checkpoint, which is seen as a matrix.
  private struct Piece {
    let name: String
    let shape: [Int]
    let rows: Range<Int>
  }

  private func bytes(of pieces: [Piece], width: Int, as type: ElementType, _ target: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for piece in pieces {
      let values = try floats(piece.rows, of: piece.name, width: width)
      bytes += Quantization.bytes(of: values.span, as: type, importance: importance?.columns(of: target))
    }
    return bytes
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
      let part = bytes.extracting(rows.lowerBound * rowBytes..<rows.upperBound * rowBytes)
      bytesDone += part.byteCount
      progress?(min(1, Double(bytesDone) / Double(max(checkpoint.tensors.byteCount, 1))))
      return try Dequantization.floats(
        of: part, tensor.elementType, name: checkpoint.describe(name))
    }
  }
}
