internal import SpudErrors
internal import SpudKernels
internal import SpudTensors

/// Which tensors of a checkpoint become which tensors of a GGUF file.
final class ExportPlan {
  private let configuration: ModelConfiguration
  private let source: TensorSource
  private let format: WeightFormat
  private let progress: ((Double) -> Void)?
  private let from: TensorNames
  private let to = TensorNames.gguf
  private var used: Set<[UInt8]> = []
  private var bytesDone = 0

  init(_ configuration: ModelConfiguration, _ source: TensorSource, format: WeightFormat, progress: ((Double) -> Void)?)
  {
    self.configuration = configuration
    self.source = source
    self.format = format
    self.progress = progress
    from = configuration.architecture.tensorNames
  }

  /// Describes every tensor, and checks that the checkpoint has just those.
  func addTensors(to writer: inout GGUFWriter) throws {
    let width = configuration.modelWidth
    try add(from.embedding, to.embedding, [configuration.vocabularyCount, width], in: &writer)
    for layer in 0..<configuration.layerCount {
      try addAttention(layer, in: &writer)
      try addFeedForward(layer, in: &writer)
    }
    try add(from.finalNorm, to.finalNorm, [width], in: &writer)
    if !configuration.isTied { try add(from.head, to.head, [configuration.vocabularyCount, width], in: &writer) }
    if case .llama3 = configuration.rotaryScaling { addFrequencyDivisors(in: &writer) }
    let ignored = configuration.isTied ? from.ignored + [from.head] : from.ignored
    for name in source.tensorNames where !used.contains(Array(name.utf8)) && !Self.isNamed(name, in: ignored) {
      throw SpudError(
        .badData, "\(source.fileName(of: name)): holds tensor '\(name)', which the configuration gives no use for")
    }
  }

  private static func isNamed(_ name: String, in endings: [String]) -> Bool {
    for ending in endings where name == ending || name.hasSuffix(".\(ending)") { return true }
    return false
  }

  private func addAttention(_ layer: Int, in writer: inout GGUFWriter) throws {
    let width = configuration.modelWidth
    let queryWidth = configuration.queryWidth
    let keyWidth = configuration.keyValueWidth
    // llama.cpp turns neighbours together in this architecture, so rows are reordered to make them neighbours.
    let isPermuted = ModelConfiguration.ggufName(of: configuration.architecture) == "llama"
    let parts = [
      (from.query, to.query, queryWidth, width, isPermuted ? configuration.headCount : 0),
      (from.key, to.key, keyWidth, width, isPermuted ? configuration.keyValueHeadCount : 0),
      (from.value, to.value, keyWidth, width, 0),
      (from.output, to.output, width, queryWidth, 0),
    ]
    try add(fill(from.attentionNorm, layer), fill(to.attentionNorm, layer), [width], in: &writer)
    for (source, target, rows, columns, heads) in parts {
      try add(
        fill(source, layer) + ".weight", fill(target, layer) + ".weight", [rows, columns], heads: heads, in: &writer)
      if configuration.hasAttentionBias {
        try add(fill(source, layer) + ".bias", fill(target, layer) + ".bias", [rows], heads: heads, in: &writer)
      }
    }
    if configuration.queryKeyNorm != .none {
      let isPerHead = configuration.queryKeyNorm == .perHead
      try add(
        fill(from.queryNorm, layer), fill(to.queryNorm, layer), [isPerHead ? configuration.headWidth : queryWidth],
        in: &writer)
      try add(
        fill(from.keyNorm, layer), fill(to.keyNorm, layer), [isPerHead ? configuration.headWidth : keyWidth],
        in: &writer)
    }
    try add(fill(from.feedForwardNorm, layer), fill(to.feedForwardNorm, layer), [width], in: &writer)
  }

  private func addFeedForward(_ layer: Int, in writer: inout GGUFWriter) throws {
    let width = configuration.modelWidth
    switch configuration.feedForward[layer] {
    case .dense(let denseWidth):
      try add(fill(from.denseGate, layer), fill(to.denseGate, layer), [denseWidth, width], in: &writer)
      try add(fill(from.denseUp, layer), fill(to.denseUp, layer), [denseWidth, width], in: &writer)
      try add(fill(from.denseDown, layer), fill(to.denseDown, layer), [width, denseWidth], in: &writer)
    case .sparse(let count, _, let expertWidth, _):
      let router = from.routers.map { fill($0, layer) }.first { has($0) } ?? fill(from.routers[0], layer)
      try add(router, fill(to.routers[0], layer), [count, width], type: .f32, in: &writer)
      let form = from.experts.first { $0.isPresent(in: layer, has) } ?? from.experts[0]
      try addExperts(form, layer, count: count, expertWidth: expertWidth, in: &writer)
    }
  }

  private func addExperts(
    _ form: TensorNames.ExpertNames, _ layer: Int, count: Int, expertWidth: Int, in writer: inout GGUFWriter
  ) throws {
    let width = configuration.modelWidth
    let shapes = [[count, expertWidth, width], [count, expertWidth, width], [count, width, expertWidth]]
    let targets = ["blk.%.ffn_gate_exps.weight", "blk.%.ffn_up_exps.weight", "blk.%.ffn_down_exps.weight"].map {
      fill($0, layer)
    }
    for (index, target) in targets.enumerated() {
      let shape = shapes[index]
      let type = type(rows: shape[2])
      let pieces: [Piece]
      switch form {
      case .separate(let gate, let up, let down):
        let pattern = [gate, up, down][index]
        pieces = (0..<count).map {
          Piece(name: fill(pattern, layer, $0), shape: Array(shape[1...]), rows: 0..<shape[1])
        }
      case .fused(let gateUp, let down):
        if index == 2 {
          pieces = [Piece(name: fill(down, layer), shape: shape, rows: 0..<count * width)]
        } else {
          let fused = [count, 2 * expertWidth, width]
          pieces = (0..<count).map { expert in
            let first = (2 * expert + index) * expertWidth
            return Piece(name: fill(gateUp, layer), shape: fused, rows: first..<first + expertWidth)
          }
        }
      case .stacked(let gate, let up, let down):
        pieces = [Piece(name: fill([gate, up, down][index], layer), shape: shape, rows: 0..<shape[0] * shape[1])]
      }
      for piece in pieces { try check(piece.name, piece.shape) }
      writer.add(target, type, shape: shape) { try self.bytes(of: pieces, width: shape[2], as: type) }
    }
  }

  /// Adds one tensor; `heads` > 0 reorders the rows of each of so many heads from halves to neighbours.
  private func add(
    _ name: String, _ target: String, _ shape: [Int], heads: Int = 0, type forced: ElementType? = nil,
    in writer: inout GGUFWriter
  ) throws {
    try check(name, shape)
    let type = forced ?? (shape.count == 1 ? .f32 : type(rows: shape[1]))
    let width = shape.count == 1 ? 1 : shape[1]
    writer.add(target, type, shape: shape) {
      try self.bytes(of: name, rows: shape[0], width: width, heads: heads, as: type)
    }
  }

  /// Some rows of a tensor of the checkpoint, which is seen as a matrix.
  private struct Piece {
    let name: String
    let shape: [Int]
    let rows: Range<Int>
  }

  private func bytes(of pieces: [Piece], width: Int, as type: ElementType) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for piece in pieces {
      let values = try floats(piece.rows, of: piece.name, width: width)
      bytes += Quantization.bytes(of: values.span, as: type)
    }
    return bytes
  }

  private func bytes(of name: String, rows: Int, width: Int, heads: Int, as type: ElementType) throws -> [UInt8] {
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
    return Quantization.bytes(of: values.span, as: type)
  }

  private func addFrequencyDivisors(in writer: inout GGUFWriter) {
    let width = configuration.headWidth
    let table = RotaryTable.frequencies(width: width, base: configuration.rotaryBase)
    let divisors = table.map { $0 / RotaryTable.scaled($0, by: configuration.rotaryScaling) }
    writer.add(TensorNames.frequencyDivisors, .f32, shape: [width / 2]) { divisors.littleEndianBytes }
  }

  /// The format asked for, or F16 where its blocks do not divide rows of that many elements.
  private func type(rows columns: Int) -> ElementType {
    let type: ElementType =
      switch format {
      case .f32: .f32
      case .bf16: .bf16
      case .q8_0: .q8_0
      case .q4_0: .q4_0
      }
    return columns % type.blockLength == 0 ? type : .f16
  }

  private func has(_ name: String) -> Bool { source[name] != nil }

  private func fill(_ pattern: String, _ layer: Int, _ expert: Int? = nil) -> String {
    TensorNames.fill(pattern, layer: layer, expert: expert)
  }

  private func check(_ name: String, _ shape: [Int]) throws {
    guard let tensor = source[name] else {
      throw SpudError(.badData, "\(source.name): there is no tensor '\(name)', but the configuration implies one")
    }
    guard tensor.shape == shape else {
      throw SpudError(
        .badData,
        "\(source.fileName(of: name)): tensor '\(name)' has shape \(tensor.shape), "
          + "but the configuration implies \(shape)"
      )
    }
    used.insert(Array(name.utf8))
  }

  /// Some rows of a tensor that is seen as a matrix `width` wide, as floats.
  private func floats(_ rows: Range<Int>, of name: String, width: Int) throws -> [Float] {
    try source.withBytes(of: name) { tensor, bytes in
      let rowBytes = bytes.byteCount / max(tensor.elementCount / width, 1)
      let part = bytes.extracting(rows.lowerBound * rowBytes..<rows.upperBound * rowBytes)
      bytesDone += part.byteCount
      progress?(min(1, Double(bytesDone) / Double(max(source.byteCount, 1))))
      return try Dequantization.floats(
        of: part, tensor.elementType, name: "\(source.fileName(of: name)): tensor '\(name)'")
    }
  }
}
