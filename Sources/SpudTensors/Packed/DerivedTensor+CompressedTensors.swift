internal import SpudErrors

extension DerivedTensor {
  /// A matrix of compressed-tensors in format "pack-quantized": `weight_packed` [outputs, ⌈inputs · bits / 32⌉], a
  /// word's codes along the inputs; `weight_scale` [outputs, groups]; perhaps `weight_zero_point`, packed along the
  /// outputs, `weight_g_idx` [inputs], and `weight_shape`.
  ///
  /// - Parameters:
  ///   - bits: 4 or 8.
  ///   - groupSize: Inputs that share a scale; nil for all of a row.
  /// - Throws: `SpudError.badData` when the parts do not fit together.
  package static func packQuantized(
    _ stem: String, in source: TensorSource, bits: Int, groupSize: Int?
  ) throws -> DerivedTensor {
    let parts = PackedParts(source: source, stem: stem)
    let codes = try parts.check(parts.part("weight_packed"), types: PackedParts.words)
    let (rows, width) = try parts.matrix(codes)
    let shape = try parts.optional("weight_shape").map { try parts.check($0, shapes: [[2]], types: [.i64, .i32]) }
    let columns =
      try shape.map { try Self.columns($0, in: parts, rows: rows, width: width, bits: bits) } ?? width * 32 / bits
    let scales = try parts.check(parts.part("weight_scale"), types: PackedParts.scales)
    let groupSize = groupSize ?? columns
    let groupCount = (columns + groupSize - 1) / groupSize
    // One scale for all is one for each row that happens to be the same.
    try parts.check(scales, shapes: [[rows, groupCount], [1], [1, 1]], types: PackedParts.scales)
    let zeros = try parts.optional("weight_zero_point").map {
      try parts.check($0, shapes: [[(rows * bits + 31) / 32, groupCount]], types: PackedParts.words)
    }
    let order = try parts.optional("weight_g_idx").map {
      try parts.check($0, shapes: [[columns]], types: PackedParts.words)
    }
    let form = PackedIntegers.form(
      bits: bits, hasZeros: zeros != nil, isOrdered: order == nil, groupSize: groupSize, columns: columns)
    return DerivedTensor(
      stem + "weight", form.type, shape: [rows, columns], origin: "compressed-tensors, \(bits) bits",
      precision: form.precision, parts: [codes, scales] + [shape, zeros, order].compactMap { $0 }
    ) { source in
      var matrix = PackedIntegers(
        rows: rows, columns: columns, bits: bits,
        codes: PackedIntegers.codes(along: try source.words(codes), lines: rows, count: columns, bits: bits),
        scales: try source.scales(scales, count: rows * groupCount), groupSize: groupSize)
      // Zero points are stored as codes too, so the middle is in both and falls out.
      matrix.zeros = try zeros.map {
        let lines = $0.shape[0]
        let codes = PackedIntegers.codes(across: try source.words($0), lines: lines, width: groupCount, bits: bits)
        let points = PackedIntegers.transposed(codes, lines: groupCount, width: lines * 32 / bits)
        return points.prefix(rows * groupCount).map { Int32($0) }
      }
      if let order {
        let groups = try source.words(order).map { Int32(bitPattern: $0) }
        // −1 everywhere says that there is no order.
        if !groups.allSatisfy({ $0 == -1 }) {
          guard groups.allSatisfy({ $0 >= 0 && $0 < groupCount }) else {
            throw SpudError(.badData, "\(parts.describe(order)) names a group that is none of \(groupCount)")
          }
          matrix.groups = groups
        }
      }
      return matrix.encoded(as: form.type)
    }
  }

  private static func columns(
    _ shape: TensorInfo, in parts: PackedParts, rows: Int, width: Int, bits: Int
  ) throws -> Int {
    let words = try parts.source.words(shape)
    let size = words.count / 2
    let dimensions = [0, 1].map { Int(words[$0 * size]) }
    guard dimensions[0] == rows, dimensions[1] > 0, (dimensions[1] * bits + 31) / 32 == width else {
      throw SpudError(
        .badData,
        "\(parts.describe(shape)) says \(dimensions), but 'weight_packed' has \(rows) rows of \(width) words of "
          + "\(bits) bits"
      )
    }
    return dimensions[1]
  }

  /// A matrix of compressed-tensors in format "int-quantized": `weight` I8 [outputs, inputs] and `weight_scale` for
  /// all, each row, or groups of a row; perhaps `weight_zero_point`.
  ///
  /// - Throws: `SpudError.badData` when the parts do not fit together.
  package static func intQuantized(_ stem: String, in source: TensorSource, groupSize: Int?) throws -> DerivedTensor {
    let parts = PackedParts(source: source, stem: stem)
    let codes = try parts.check(parts.part("weight"), types: [.i8])
    let (rows, columns) = try parts.matrix(codes)
    let groupSize = groupSize ?? columns
    let groupCount = (columns + groupSize - 1) / groupSize
    let shapes = [[rows, groupCount], [1], [1, 1]]
    let scales = try parts.check(parts.part("weight_scale"), shapes: shapes, types: PackedParts.scales)
    let zeros = try parts.optional("weight_zero_point").map { try parts.check($0, shapes: shapes, types: [.i8]) }
    let form = PackedIntegers.form(
      bits: 8, hasZeros: zeros != nil, isOrdered: true, groupSize: groupSize, columns: columns)
    return DerivedTensor(
      stem + "weight", form.type, shape: [rows, columns], origin: "compressed-tensors, 8 bits",
      precision: form.precision, parts: [codes, scales] + (zeros.map { [$0] } ?? [])
    ) { source in
      var matrix = PackedIntegers(
        rows: rows, columns: columns, bits: 8, codes: try source.bytes(codes).map { $0 ^ 0x80 },
        scales: try source.scales(scales, count: rows * groupCount), groupSize: groupSize)
      matrix.zeros = try zeros.map { zeros in
        let points = try source.bytes(zeros).map { Int32($0 ^ 0x80) }
        return points.count == 1 ? [Int32](repeating: points[0], count: rows * groupCount) : points
      }
      return matrix.encoded(as: form.type)
    }
  }
}

extension TensorSource {
  /// Scales, as many as are needed: the file may hold one for all.
  fileprivate func scales(_ tensor: TensorInfo, count: Int) throws -> [Float] {
    let values = try floats(tensor)
    return values.count == 1 ? [Float](repeating: values[0], count: count) : values
  }
}
