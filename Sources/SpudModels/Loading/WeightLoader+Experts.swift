internal import SpudErrors
internal import SpudKernels
internal import SpudTensors

/// Experts, however a checkpoint holds them.
extension WeightLoader {
  /// All experts of a layer. Those that files hold as they are stay there until they are first met.
  func experts(_ plan: ExpertsPlan, modelWidth: Int) throws -> ExpertWeights {
    let shape = try shape(of: plan, modelWidth: modelWidth)
    let parts = checkpoint.form(of: plan).parts(plan, modelWidth: modelWidth)
    let isHeld = isHeld(plan)
    let weights = try ExpertWeights(
      expertCount: plan.expertCount, width: modelWidth, expertWidth: plan.width, format: shape.format,
      downFormat: shape.downFormat, memory: isHeld ? memories?.memory(for: shape) : nil)
    for part in parts {
      try count(part.name, shape: part.shape, as: weights.format(of: part.projections[0])) { tensor in
        if isHeld { try hold(part, tensor, in: weights) } else { try pack(part, into: weights) }
      }
    }
    return weights
  }

  /// Makes the memory that the experts share where there is none for all of them.
  func makeMemories(_ policy: ExpertPolicy) throws -> ExpertMemories? {
    let configuration = checkpoint.configuration
    var counts: [ExpertShape: Int] = [:]
    var held = 0
    for layer in configuration.layers {
      guard case .experts(let plan) = layer.feedForward, isHeld(plan) else { continue }
      counts[try shape(of: plan, modelWidth: configuration.modelWidth), default: 0] += plan.expertCount
      let parts = checkpoint.form(of: plan).parts(plan, modelWidth: configuration.modelWidth)
      held += parts.reduce(0) { $0 + (checkpoint.tensors[$1.name]?.byteRange.count ?? 0) }
    }
    let bytes = counts.reduce(0) { $0 + $1.key.byteCount * $1.value }
    // All else takes about what its files do.
    guard let limit = policy.limit(experts: bytes, others: checkpoint.tensors.byteCount - held) else { return nil }
    return ExpertMemories(counts, limit: limit)
  }

  /// How the experts of a layer lie in memory.
  private func shape(of plan: ExpertsPlan, modelWidth: Int) throws -> ExpertShape {
    let form = checkpoint.form(of: plan)
    return ExpertShape(
      width: modelWidth, expertWidth: plan.width,
      format: try format(of: form.gateUpNames(expertCount: plan.expertCount)),
      downFormat: try format(of: form.downNames(expertCount: plan.expertCount)))
  }

  /// Whether all of a layer's experts are in the files as they are, not made of other tensors.
  private func isHeld(_ plan: ExpertsPlan) -> Bool {
    checkpoint.form(of: plan).parts(plan, modelWidth: 0).allSatisfy { checkpoint.tensors.place(of: $0.name) != nil }
  }

  private func hold(_ part: ExpertForm.Part, _ tensor: TensorInfo, in weights: ExpertWeights) throws {
    guard let place = checkpoint.tensors.place(of: part.name) else { throw checkpoint.missing(part.name) }
    let size = place.range.count / (part.experts.count * part.projections.count)
    var start = place.range.lowerBound
    for expert in part.experts {
      for projection in part.projections {
        try weights.hold(
          projection, expert: expert, in: place.file, at: start..<start + size, encoding: tensor.elementType)
        start += size
      }
    }
  }

  private func pack(_ part: ExpertForm.Part, into weights: ExpertWeights) throws {
    try checkpoint.tensors.withBytes(of: part.name) { tensor, bytes in
      let size = bytes.byteCount / (part.experts.count * part.projections.count)
      var start = 0
      for expert in part.experts {
        for projection in part.projections {
          try weights.pack(
            projection, expert: expert, from: bytes.extracting(start..<start + size), encoding: tensor.elementType,
            compute: compute)
          start += size
        }
      }
    }
  }
}

extension ExpertForm {
  /// A tensor that holds some projections of some experts, one expert after the other.
  struct Part {
    let name: String
    let projections: [ExpertWeights.Projection]
    let experts: Range<Int>
    let shape: [Int]
  }

  /// The tensors that hold a layer's experts.
  func parts(_ plan: ExpertsPlan, modelWidth: Int) -> [Part] {
    let all = 0..<plan.expertCount
    let inner = [plan.width, modelWidth]
    let outer = [modelWidth, plan.width]
    switch self {
    case .separate(let gate, let up, let down):
      return all.flatMap { expert in
        [(gate, ExpertWeights.Projection.gate, inner), (up, .up, inner), (down, .down, outer)].map {
          Part(
            name: Self.fill($0.0, expert: expert), projections: [$0.1], experts: expert..<expert + 1, shape: $0.2)
        }
      }
    case .fused(let gateUp, let down):
      return [
        Part(
          name: gateUp, projections: [.gate, .up], experts: all, shape: [plan.expertCount, 2 * plan.width, modelWidth]),
        Part(name: down, projections: [.down], experts: all, shape: [plan.expertCount] + outer),
      ]
    case .stacked(let gate, let up, let down):
      return [
        Part(name: gate, projections: [.gate], experts: all, shape: [plan.expertCount] + inner),
        Part(name: up, projections: [.up], experts: all, shape: [plan.expertCount] + inner),
        Part(name: down, projections: [.down], experts: all, shape: [plan.expertCount] + outer),
      ]
    }
  }
}
