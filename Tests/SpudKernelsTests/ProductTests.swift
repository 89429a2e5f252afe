import SpudKernels
import SpudTensors
import Testing

struct Shape: CustomTestStringConvertible, Sendable {
  let tokens: Int
  let rows: Int
  let columns: Int
  var testDescription: String { "[\(tokens), \(columns)] x [\(rows), \(columns)]" }
}

@Suite("Products")
struct ProductTests {
  static let shapes = [
    Shape(tokens: 1, rows: 1, columns: 1), Shape(tokens: 1, rows: 70, columns: 33),
    Shape(tokens: 2, rows: 31, columns: 64),
    Shape(tokens: 5, rows: 33, columns: 96), Shape(tokens: 7, rows: 129, columns: 257),
    Shape(tokens: 13, rows: 16, columns: 611),
    // More than the 96 rows that a panel is multiplied by at a time, in two blocks and in three.
    Shape(tokens: 97, rows: 33, columns: 64), Shape(tokens: 197, rows: 40, columns: 37),
  ]

  /// Largest error relative to the output's root mean square that each format may make: float32 rounding, 8 significant
  /// bits on both sides, bytes on both sides.
  static func budget(_ format: WeightFormat) -> Double {
    switch format {
    case .f32: 1e-5
    case .bf16: 2e-2
    case .f16: 2e-3
    case .q8_0: 4e-2
    case .q4_0: 5e-1
    default: 0
    }
  }

  @Test(
    "every format and instruction set agrees with the scalar reference", arguments: InstructionSet.supported,
    WeightFormat.general)
  func agrees(level: InstructionSet, format: WeightFormat) throws {
    let compute = Compute(threads: 2, instructionSet: level)
    var random = Random(seed: 1)
    for shape in Self.shapes {
      let weights = random.values(shape.rows * shape.columns)
      let bias = random.values(shape.rows)
      let x = (0..<shape.tokens).map { _ in random.values(shape.columns) }
      let matrix = try WeightMatrix(weights, rows: shape.rows, columns: shape.columns, format: format, compute: compute)
      let output = Activations(columns: shape.rows)
      compute.multiply(Activations(x), by: matrix, bias: bias, into: output)
      #expect(output.rows == shape.tokens)
      // Against what the matrix really holds, so that only the arithmetic is judged.
      let held = Activations(columns: shape.columns)
      compute.gather((0..<Int32(shape.rows)).map { $0 }, from: .packed(matrix), into: held)
      let heldWeights = held.allRows.flatMap { $0 }
      let budget = format == .q4_0 ? Self.budget(.q8_0) : Self.budget(format)
      var expected: [Double] = []
      for token in 0..<shape.tokens {
        expected += zip(Reference.multiply(x[token], heldWeights, rows: shape.rows), bias).map { $0 + Double($1) }
      }
      #expect(difference(output.allRows.flatMap { $0 }, expected) < budget, "\(shape.testDescription)")
      // And the matrix holds the weights that it was given, to the format's precision.
      #expect(difference(heldWeights, weights.map(Double.init)) < Self.budget(format), "\(shape.testDescription)")
    }
  }

  @Test(
    "each block of 32 inputs has its own scale, however many are prepared side by side",
    arguments: InstructionSet.supported,
    [WeightFormat.q8_0, .q4_0])
  func scales(level: InstructionSet, format: WeightFormat) throws {
    let compute = Compute(threads: 2, instructionSet: level)
    var random = Random(seed: 2)
    let blocks = 35  // two sixteens and three
    // Row r of the matrix adds up block r.
    let weights = (0..<blocks).flatMap { row in (0..<blocks * 32).map { $0 / 32 == row ? Float(1) : 0 } }
    let matrix = try WeightMatrix(weights, rows: blocks, columns: blocks * 32, format: format, compute: compute)
    let x = (0..<blocks * 32).map { index in
      let block = index / 32
      return block == 9
        ? 0 : (1 + abs(random.value())) * Float(sign: .plus, exponent: block * 7 % 23 - 11, significand: 1)
    }
    let output = Activations(columns: blocks)
    compute.multiply(Activations([x]), by: matrix, into: output)
    for block in 0..<blocks {
      let expected = x[block * 32..<block * 32 + 32].reduce(0, +)
      #expect(abs(output[0][block] - expected) <= 0.01 * expected, "block \(block)")
    }
  }

  @Test(
    "with residuals, rounding inputs to bytes costs a hundredth of what it did, however many rows there are",
    arguments: InstructionSet.supported, [WeightFormat.q8_0, .q4_0])
  func residuals(level: InstructionSet, format: WeightFormat) throws {
    let compute = Compute(threads: 2, instructionSet: level)
    var random = Random(seed: 3)
    let (rows, columns) = (70, 611)
    let matrix = try WeightMatrix(
      random.values(rows * columns), rows: rows, columns: columns, format: format, compute: compute)
    let held = Activations(columns: columns)
    compute.gather((0..<Int32(rows)).map { $0 }, from: .packed(matrix), into: held)
    let x = (0..<37).map { _ in random.values(columns) }
    let expected = x.map { Reference.multiply($0, held.allRows.flatMap { $0 }, rows: rows) }
    let (one, few, many) = (Activations(columns: rows), Activations(columns: rows), Activations(columns: rows))
    compute.multiplyWithResidual(Activations([x[0]]), by: matrix, into: one)
    let inputs = Activations(Array(x[..<5]))
    compute.multiplyWithResidual(inputs, by: matrix, into: few)
    compute.multiplyWithResidual(Activations(x), by: matrix, into: many)
    #expect(inputs.allRows == Array(x[..<5]) && few.rows == 5)
    // Tiles round weights to bfloat16 besides, which a residual of the inputs does not help.
    let budget = compute.tellsMarksApart ? Self.budget(.bf16) : Self.budget(.q8_0) / 100
    #expect(difference(many.allRows.flatMap { $0 }, expected.flatMap { $0 }) < budget)
    #expect(many.allRows[0] == one.allRows[0] && Array(many.allRows[..<5]) == few.allRows)
  }

  @Test(
    "a row's result does not depend on the number of rows or threads, bit for bit", arguments: InstructionSet.supported,
    WeightFormat.general)
  func independent(level: InstructionSet, format: WeightFormat) throws {
    var random = Random(seed: 2)
    let weights = random.values(75 * 160)
    let x = (0..<200).map { _ in random.values(160) }
    var results: [[[Float]]] = []
    for threads in [1, 2, 3] {
      let compute = Compute(threads: threads, instructionSet: level)
      let matrix = try WeightMatrix(weights, rows: 75, columns: 160, format: format, compute: compute)
      let together = Activations(columns: 75)
      compute.multiply(Activations(x), by: matrix, into: together)
      results.append(together.allRows)
      for count in [1, 2, 3, 4, 5, 6, 7, 31, 32, 95, 96, 97, 193] {
        let part = Activations(columns: 75)
        compute.multiply(Activations(Array(x[..<count])), by: matrix, into: part)
        #expect(part.allRows == Array(together.allRows[..<count]))
      }
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test(
    "one row or two, for which several panels are taken at once where they are long, have the bits of many rows",
    arguments: InstructionSet.supported, WeightFormat.allCases)
  func several(level: InstructionSet, format: WeightFormat) throws {
    let compute = Compute(threads: 2, instructionSet: level)
    var random = Random(seed: 5)
    // For each thread five panels and six: four at once, two at once, one.
    let (rows, columns) = (345, 1536)
    let matrix =
      format.isGeneral
      ? try WeightMatrix(
        random.values(rows * columns), rows: rows, columns: columns, format: format, compute: compute)
      : try BlockFormatTests.matrix(format, rows: rows, columns: columns, compute: compute, random: &random).matrix
    let x = (0..<7).map { _ in random.values(columns) }
    func product(_ count: Int) -> [[Float]] {
      let output = Activations(columns: rows)
      // As ids that are written: those that are read go through tiles, whose rounding is another.
      let marks = RowMarks(isWritten: Array(repeating: true, count: count))
      compute.multiply(Activations(Array(x[..<count])), by: matrix, marks: marks, into: output)
      return output.allRows
    }
    let many = product(7)
    for count in 1...3 { #expect(product(count) == Array(many[..<count]), "\(count) rows") }
  }

  @Test("OpenBLAS and our float32 kernels agree")
  func blasAgrees() throws {
    var random = Random(seed: 3)
    let weights = random.values(100 * 77)
    let bias = random.values(100)
    let x = Activations((0..<9).map { _ in random.values(77) })
    var outputs: [[[Float]]] = []
    for backend in Backend.allCases {
      let compute = Compute(threads: 2, backend: backend)
      let matrix = try WeightMatrix(weights, rows: 100, columns: 77, format: .f32, compute: compute)
      let output = Activations((0..<9).map { _ in Array(repeating: 1, count: 100) })
      compute.multiply(x, by: matrix, bias: bias, addingInto: output)
      outputs.append(output.allRows)
    }
    #expect(difference(outputs[0].flatMap { $0 }, outputs[1].flatMap { $0 }.map(Double.init)) < 1e-5)
  }

  @Test("several matrices at once are the same as one at a time")
  func together() throws {
    var random = Random(seed: 4)
    let compute = Compute(threads: 2)
    let x = Activations((0..<3).map { _ in random.values(64) })
    let matrices = try [40, 8, 100].map {
      try WeightMatrix(random.values($0 * 64), rows: $0, columns: 64, format: .q8_0, compute: compute)
    }
    let outputs = matrices.map { Activations(columns: $0.rows) }
    compute.multiply(x, by: matrices, into: outputs)
    for (matrix, output) in zip(matrices, outputs) {
      let alone = Activations(columns: matrix.rows)
      compute.multiply(x, by: matrix, into: alone)
      #expect(alone.allRows == output.allRows)
    }
  }

  @Test(
    "a block whose scale is zero adds nothing, whatever its quants are", arguments: InstructionSet.supported,
    [ElementType.q8_0, .q4_0])
  func zeroScales(level: InstructionSet, encoding: ElementType) throws {
    let compute = Compute(threads: 1, instructionSet: level)
    let rowBytes = try #require(encoding.rowBytes(columns: 32))
    // Row 0 has a scale of 0, row 1 of -0, row 2 of 1.
    let bytes: [UInt8] = [0, 0x80, 0x3c].flatMap { [0, $0] + Array(repeating: 0x77, count: rowBytes - 2) }
    let matrix = try unsafe WeightMatrix(
      bytes.span.bytes, encoding: encoding, rows: 3, columns: 32, format: encoding.nearestFormat, compute: compute)
    let output = Activations(columns: 3)
    for scale: Float in [0, 1e-30, 1e-3, 1, 1e4, 1e12] {
      compute.multiply(Activations([Array(repeating: scale, count: 32)]), by: matrix, into: output)
      let expected = scale * 32 * (encoding == .q8_0 ? 0x77 : -1)
      // Inputs below 127 · 2^-60 become zero.
      #expect(output[0][0] == 0 && output[0][1] == 0 && output[0].count == 3)
      #expect(abs(output[0][2] - expected) <= max(abs(expected) * 0.01, 1e-14), "\(scale)")
    }
  }

  @Test("bytes of the wrong length are refused")
  func wrongLength() throws {
    let compute = Compute(threads: 1)
    #expect(throws: (any Error).self) {
      try WeightMatrix([1, 2, 3], rows: 2, columns: 2, format: .f32, compute: compute)
    }
    #expect(throws: (any Error).self) {
      try WeightMatrix(Array(repeating: 1, count: 256), rows: 1, columns: 256, format: .q4_k, compute: compute)
    }
    #expect(ElementType.q4_0.rowBytes(columns: 33) == nil)
    #expect(ElementType.q6_k.rowBytes(columns: 512) == 420)
  }

  @Test(
    "a matrix that stays in its file until it is needed twice gives the same bits each time",
    arguments: InstructionSet.supported, WeightFormat.general)
  func later(level: InstructionSet, format: WeightFormat) throws {
    let compute = Compute(threads: 2, instructionSet: level)
    var random = Random(seed: 19)
    for (rows, columns, count) in [(70, 96, 1), (64, 256, 40), (320, 256, 3)] {
      for encoding in [ElementType.f32, .bf16] {
        let size = encoding == .f32 ? 4 : 2
        // Exponents of ordinary numbers.
        let bytes = (0..<rows * columns * size).map { index in
          index % size == size - 1 ? 0x3D : UInt8(truncatingIfNeeded: random.next())
        }
        let packed = try WeightMatrix(rows: rows, columns: columns, format: format)
        try packed.pack(bytes, encoding: encoding, firstRow: 0, rows: rows, compute: compute)
        let file = try MappedFile(copying: bytes, name: "matrix")
        let stored = try #require(
          StoredRows(file, at: 0..<bytes.count, encoding: encoding, rows: rows, columns: columns))
        let held = try #require(try WeightMatrix(stored, format: format))
        let x = Activations((0..<count).map { _ in random.values(columns) })
        func product(_ matrix: WeightMatrix) -> [[Float]] {
          let output = Activations(columns: rows)
          compute.multiply(x, by: matrix, into: output)
          return output.allRows
        }
        func found(_ matrix: WeightMatrix) -> [[Float]] {
          let output = Activations(columns: columns)
          compute.gather([0, Int32(rows) - 1], from: .packed(matrix), into: output)
          return output.allRows
        }
        let expected = product(packed)
        if format.elementType == encoding { #expect(found(held) == found(packed)) }
        #expect(held.bytesToCome == held.byteCount)
        #expect(product(held) == expected)
        #expect(held.bytesToCome == held.byteCount)
        #expect(product(held) == expected)
        #expect(held.bytesToCome == 0)
        #expect(product(held) == expected && found(held) == found(packed))
        let other = try #require(try WeightMatrix(stored, format: format))
        #expect(found(other) == found(packed))
      }
    }
    let file = try MappedFile(copying: [UInt8](repeating: 0, count: 1024), name: "matrix")
    let stored = try #require(StoredRows(file, at: 0..<1024, encoding: .f32, rows: 1, columns: 256))
    #expect(try WeightMatrix(stored, format: .q4_k) == nil, "whose panels take a file's blocks only")
  }
}
