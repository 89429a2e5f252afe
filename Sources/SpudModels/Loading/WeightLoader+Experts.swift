internal import SpudErrors
internal import SpudKernels
internal import SpudTensors

/// Experts, however a checkpoint holds them.
extension WeightLoader {
  /// All experts of a layer. Those that files hold as they are stay there until they are met again.
  func experts(_ plan: ExpertsPlan, modelWidth: Int) throws -> ExpertWeights {
    let shape = try shape(of: plan, modelWidth: modelWidth)
    let parts = checkpoint.form(of: plan).parts(plan, modelWidth: modelWidth)
    let isHeld = isHeld(plan)
    let weights = try ExpertWeights(
      expertCount: plan.expertCount, width: modelWidth, expertWidth: plan.width, format: shape.format,
      downFormat: shape.downFormat, activation: plan.activation, biases: try biases(of: plan, parts),
      memory: isHeld ? memories?.memory(for: shape) : nil)
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

  /// Whether all of a layer's experts are in the files as they are, not made of other tensors nor out of order.
  private func isHeld(_ plan: ExpertsPlan) -> Bool {
    checkpoint.form(of: plan).parts(plan, modelWidth: 0).allSatisfy {
      $0.layout == .inOrder && checkpoint.tensors.place(of: $0.name) != nil
    }
  }

  /// The biases that belong to the weights in `parts`.
  private func biases(of plan: ExpertsPlan, _ parts: [ExpertForm.Part]) throws -> ExpertBiases? {
    guard plan.isBiased else { return nil }
    var values: [ExpertWeights.Projection: [Float]] = [:]
    for part in parts.map(\.biases) {
      let all = try take(part.name, shape: part.shape, as: .f32) { tensor, bytes in
        try Dequantization.floats(of: bytes, tensor.elementType, name: checkpoint.describe(tensor.name))
      }
      let size = all.count / part.experts.count
      for start in stride(from: 0, to: all.count, by: size) {
        for projection in part.projections {
          values[projection, default: []] += part.values(
            of: projection, in: all[start..<start + size], width: part.rowWidth)
        }
      }
    }
    return ExpertBiases(
      gate: values[.gate] ?? [], up: values[.up] ?? [], down: values[.down] ?? [], expertCount: plan.expertCount)
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
      let size = bytes.byteCount / part.experts.count
      for (index, expert) in part.experts.enumerated() {
        let stored = bytes.extracting(index * size..<(index + 1) * size)
        for projection in part.projections {
          if let range = part.range(of: projection, count: size) {
            try weights.pack(
              projection, expert: expert, from: stored.extracting(range), encoding: tensor.elementType,
              compute: compute)
          } else {
            let gathered = try part.gathered(projection, from: stored, tensor)
            try weights.pack(
              projection, expert: expert, from: gathered, encoding: tensor.elementType, compute: compute)
          }
        }
      }
    }
  }
}
