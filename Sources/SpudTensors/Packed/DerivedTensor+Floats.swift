internal import SpudErrors

extension DerivedTensor {
  /// A tensor of 8-bit floats, `[…, rows, columns]`, that a tensor of scales multiplies: one scale for all, for each
  /// row, or for each block of `blockShape`.
  ///
  /// - Parameters:
  ///   - tensor: The 8-bit floats.
  ///   - scale: The name of the scales: floats, or powers of two.
  ///   - blockShape: Rows and columns that share a scale, where the scales are a grid.
  ///   - others: Names of tensors about activations, which here are rounded otherwise; they are passed over.
  /// - Throws: `SpudError.badData` when the two do not fit together.
  package static func float8(
    _ tensor: TensorInfo, scale: String, in source: TensorSource, blockShape: [Int]?, passing others: [String] = []
  ) throws -> DerivedTensor {
    let parts = PackedParts(source: source, stem: "")
    try parts.check(tensor, types: [.f8e4m3, .f8e5m2])
    guard tensor.shape.count >= 2, let rows = tensor.shape.dropLast().last, let columns = tensor.shape.last, rows > 0,
      columns > 0, let table = FloatTable(tensor.elementType)
    else {
      throw SpudError(.badData, "\(parts.describe(tensor)) has shape \(tensor.shape), but a matrix was expected")
    }
    let scales = try parts.part(scale)
    let outer = Array(tensor.shape.dropLast(2))
    let matrices = outer.reduce(1, *)
    var grids: [(shape: [Int], block: (rows: Int, columns: Int))] = [
      ([], (rows, columns)), ([1], (rows, columns)), (outer + [1, 1], (rows, columns)),
      (outer + [rows, 1], (1, columns)),
      (outer + [rows], (1, columns)),
    ]
    if matrices > 1 { grids.append((outer, (rows, columns))) }
    if let blockShape {
      let grid = outer + [(rows + blockShape[0] - 1) / blockShape[0], (columns + blockShape[1] - 1) / blockShape[1]]
      grids.append((grid, (blockShape[0], blockShape[1])))
    }
    try parts.check(scales, shapes: grids.map(\.shape), types: PackedParts.scales + [.u8, .f8e8m0])
    guard let block = grids.first(where: { $0.shape == scales.shape })?.block else {
      throw SpudError(.badData, "\(parts.describe(scales)) has shape \(scales.shape)")
    }
    return DerivedTensor(
      tensor.name, .f32, shape: tensor.shape, origin: tensor.elementType.rawValue, precision: .q8_0,
      parts: [tensor, scales] + others.compactMap { source[$0] }
    ) { source in
      let factors = try source.floats(scales)
      let across = (columns + block.columns - 1) / block.columns
      let down = (rows + block.rows - 1) / block.rows
      let bytes = try source.bytes(tensor)
      var output: [Float] = []
      output.reserveCapacity(bytes.count)
      for row in 0..<matrices * rows {
        let line = factors.count == 1 ? 0 : (row / rows * down + row % rows / block.rows) * across
        for column in 0..<columns {
          let factor = factors.count == 1 ? factors[0] : factors[line + column / block.columns]
          output.append(table.values[Int(bytes[row * columns + column])] * factor)
        }
      }
      return output.littleEndianBytes
    }
  }

  /// A tensor in MXFP4 as gpt-oss publishes it: `…_blocks` U8 [matrices, rows, columns / 32, 16], two neighbours in a
  /// byte, and `…_scales` U8 [matrices, rows, columns / 32], powers of two. Held exactly.
  ///
  /// - Throws: `SpudError.badData` when the two do not fit together.
  package static func mxfp4(_ stem: String, in source: TensorSource) throws -> DerivedTensor {
    let parts = PackedParts(source: source, stem: stem)
    let blocks = try parts.check(parts.part("_blocks"), types: [.u8])
    guard blocks.shape.count >= 3, blocks.shape.last == 16 else {
      throw SpudError(
        .badData, "\(parts.describe(blocks)) has shape \(blocks.shape), but […, rows, columns / 32, 16] was expected")
    }
    let grid = Array(blocks.shape.dropLast())
    let scales = try parts.check(parts.part("_scales"), shapes: [grid], types: [.u8, .f8e8m0])
    let shape = Array(grid.dropLast()) + [grid[grid.count - 1] * 32]
    return DerivedTensor(stem, .mxfp4, shape: shape, origin: "MXFP4", parts: [blocks, scales]) { source in
      let (pairs, exponents) = (try source.bytes(blocks), try source.bytes(scales))
      var output: [UInt8] = []
      output.reserveCapacity(exponents.count * 17)
      for (block, exponent) in exponents.enumerated() {
        output.append(exponent)
        for index in 0..<16 {
          // Here neighbours share a byte; in GGUF's block elements that are 16 apart do.
          let low = pairs[16 * block + index / 2]
          let high = pairs[16 * block + 8 + index / 2]
          output.append(index % 2 == 0 ? low & 15 | high << 4 : low >> 4 | high & 0xF0)
        }
      }
      return output
    }
  }
}
