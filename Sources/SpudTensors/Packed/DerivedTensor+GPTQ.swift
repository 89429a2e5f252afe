internal import SpudErrors

/// How a directory's GPTQ matrices are quantized.
package struct GPTQSettings: Sendable, Equatable {
  /// 4 or 8.
  package var bits: Int
  /// Inputs that share a scale; nil for all of a row.
  package var groupSize: Int?
  package var isSymmetric: Bool
  /// Whether groups are in the order of importance, so that an input's place does not say its group.
  package var isActivationOrdered: Bool
  /// Whether zero points are stored one too small, as they are but in format "gptq_v2".
  package var zerosAreReduced: Bool

  package init(bits: Int, groupSize: Int?, isSymmetric: Bool, isActivationOrdered: Bool, zerosAreReduced: Bool) {
    (self.bits, self.groupSize, self.isSymmetric) = (bits, groupSize, isSymmetric)
    (self.isActivationOrdered, self.zerosAreReduced) = (isActivationOrdered, zerosAreReduced)
  }
}

extension DerivedTensor {
  /// A matrix of GPTQ: `qweight` [inputs · bits / 32, outputs], a word's codes along the inputs; `qzeros` [groups,
  /// outputs · bits / 32]; `scales` [groups, outputs]; `g_idx` [inputs]. It is the transpose of a `weight`.
  ///
  /// - Throws: `SpudError.badData` when the parts do not fit together.
  package static func gptq(_ stem: String, in source: TensorSource, _ settings: GPTQSettings) throws -> DerivedTensor {
    let parts = PackedParts(source: source, stem: stem)
    let bits = settings.bits
    let codes = try parts.check(parts.part("qweight"), types: PackedParts.words)
    let (lines, rows) = try parts.matrix(codes)
    let columns = lines * (32 / bits)
    let groupSize = settings.groupSize ?? columns
    let groupCount = (columns + groupSize - 1) / groupSize
    let scales = try parts.check(parts.part("scales"), shapes: [[groupCount, rows]], types: PackedParts.scales)
    let width = (rows * bits + 31) / 32
    let zeros = try parts.check(parts.part("qzeros"), shapes: [[groupCount, width]], types: PackedParts.words)
    let order = try parts.optional("g_idx").map { try parts.check($0, shapes: [[columns]], types: PackedParts.words) }
    let form = PackedIntegers.form(
      bits: bits, hasZeros: !settings.isSymmetric, isOrdered: !settings.isActivationOrdered || order == nil,
      groupSize: groupSize, columns: columns)
    return DerivedTensor(
      stem + "weight", form.type, shape: [rows, columns], origin: "GPTQ, \(bits) bits", precision: form.precision,
      parts: [codes, scales, zeros] + (order.map { [$0] } ?? [])
    ) { source in
      var matrix = PackedIntegers(
        rows: rows, columns: columns, bits: bits,
        codes: PackedIntegers.codes(across: try source.words(codes), lines: lines, width: rows, bits: bits),
        scales: PackedIntegers.transposed(try source.floats(scales), lines: groupCount, width: rows),
        groupSize: groupSize)
      let points = PackedIntegers.codes(along: try source.words(zeros), lines: groupCount, count: rows, bits: bits)
      let step: Int32 = settings.zerosAreReduced ? 1 : 0
      let values = PackedIntegers.transposed(points, lines: groupCount, width: rows).map { Int32($0) + step }
      if !values.allSatisfy({ $0 == 1 << (bits - 1) }) {
        guard !settings.isSymmetric else {
          throw SpudError(
            .badData, "\(parts.describe(zeros)) has zero points, but config.json says that the weights are symmetric")
        }
        matrix.zeros = values
      }
      if let order {
        let groups = try source.words(order).map { Int32(bitPattern: $0) }
        guard groups.allSatisfy({ $0 >= 0 && $0 < groupCount }) else {
          throw SpudError(.badData, "\(parts.describe(order)) names a group that is none of \(groupCount)")
        }
        if groups.enumerated().contains(where: { Int($1) != $0 / groupSize }) {
          guard settings.isActivationOrdered else {
            throw SpudError(
              .badData, "\(parts.describe(order)) puts inputs in other groups than their places, without 'desc_act'")
          }
          matrix.groups = groups
        }
      }
      return matrix.encoded(as: form.type)
    }
  }

  /// A matrix of AWQ as its "gemm" kernels want it: `qweight` [inputs, outputs · bits / 32], `qzeros` [groups,
  /// outputs · bits / 32] and `scales` [groups, outputs]. A word's codes are out of order. It is the transpose of
  /// a `weight`.
  ///
  /// - Parameter groupSize: Inputs that share a scale; nil for all of a row.
  /// - Throws: `SpudError.badData` when the parts do not fit together.
  package static func awq(_ stem: String, in source: TensorSource, groupSize: Int?) throws -> DerivedTensor {
    let parts = PackedParts(source: source, stem: stem)
    // The place of each output's code in its word.
    let order = [0, 4, 1, 5, 2, 6, 3, 7]
    let codes = try parts.check(parts.part("qweight"), types: PackedParts.words)
    let (columns, width) = try parts.matrix(codes)
    let rows = width * 8
    let groupSize = groupSize ?? columns
    let groupCount = (columns + groupSize - 1) / groupSize
    let scales = try parts.check(parts.part("scales"), shapes: [[groupCount, rows]], types: PackedParts.scales)
    let zeros = try parts.check(parts.part("qzeros"), shapes: [[groupCount, width]], types: PackedParts.words)
    let form = PackedIntegers.form(bits: 4, hasZeros: true, isOrdered: true, groupSize: groupSize, columns: columns)
    return DerivedTensor(
      stem + "weight", form.type, shape: [rows, columns], origin: "AWQ, 4 bits", precision: form.precision,
      parts: [codes, scales, zeros]
    ) { source in
      func outputsFirst(_ tensor: TensorInfo, lines: Int) throws -> [UInt8] {
        let codes = PackedIntegers.codes(
          along: try source.words(tensor), lines: lines, count: rows, bits: 4, order: order)
        return PackedIntegers.transposed(codes, lines: lines, width: rows)
      }
      let matrix = PackedIntegers(
        rows: rows, columns: columns, bits: 4, codes: try outputsFirst(codes, lines: columns),
        scales: PackedIntegers.transposed(try source.floats(scales), lines: groupCount, width: rows),
        zeros: try outputsFirst(zeros, lines: groupCount).map { Int32($0) }, groupSize: groupSize)
      return matrix.encoded(as: form.type)
    }
  }
}
