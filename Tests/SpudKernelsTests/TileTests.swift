import SpudKernels
import Testing

/// Rows that were read, and rows that were written, where kernels tell them apart.
@Suite("Tiles")
struct TileTests {
  static let levels = InstructionSet.supported.filter { Compute(threads: 1, instructionSet: $0).tellsMarksApart }
  /// The kernels that rows that were written go through.
  static func vectors(of level: InstructionSet) -> InstructionSet { level == .amx ? .avx512 : .emulatedAVX512 }
  static let formats = WeightFormat.allCases

  /// Few rows and many, read and written in turn, in blocks, and at random.
  static func marks(random: inout Random) -> [[Bool]] {
    [
      [false], [true], [true, false], Array(repeating: true, count: 5) + Array(repeating: false, count: 40),
      (0..<37).map { $0 % 3 == 0 }, (0..<131).map { _ in random.below(2) == 0 },
      Array(repeating: false, count: 17) + [true] + Array(repeating: false, count: 100),
    ]
  }

  static func matrix(_ format: WeightFormat, rows: Int, compute: Compute, random: inout Random) throws -> WeightMatrix {
    if format.isGeneral {
      return try WeightMatrix(
        random.values(rows * 545), rows: rows, columns: 545, format: format, compute: compute)
    }
    return try BlockFormatTests.matrix(format, rows: rows, columns: 768, compute: compute, random: &random).matrix
  }

  @Test("a level with tiles is tested") func levelsExist() { #expect(!Self.levels.isEmpty) }

  @Test(
    "what a row was decides alone which kernel multiplies it, and with whom it stands does not",
    arguments: levels, formats)
  func marksDecide(level: InstructionSet, format: WeightFormat) throws {
    let compute = Compute(threads: 2, instructionSet: level)
    let vectors = Compute(threads: 2, instructionSet: Self.vectors(of: level))
    var random = Random(seed: 71)
    let matrix = try Self.matrix(format, rows: 75, compute: compute, random: &random)
    let bias = random.values(75)
    for marks in Self.marks(random: &random) {
      let x = marks.map { _ in random.values(matrix.columns) }
      let (read, written, mixed) = (Activations(columns: 75), Activations(columns: 75), Activations(columns: 75))
      compute.multiply(Activations(x), by: matrix, bias: bias, into: read)
      vectors.multiply(Activations(x), by: matrix, bias: bias, into: written)
      compute.multiply(Activations(x), by: matrix, bias: bias, marks: RowMarks(isWritten: marks), into: mixed)
      for (row, isWritten) in marks.enumerated() {
        #expect(mixed[row] == (isWritten ? written : read)[row], "row \(row) of \(marks.count)")
      }
      let isRounded = format != .f32 && format != .f16
      #expect((read.allRows != written.allRows) == isRounded)
      compute.multiplyWithResidual(Activations(x), by: matrix, into: read)
      vectors.multiplyWithResidual(Activations(x), by: matrix, into: written)
      compute.multiplyWithResidual(Activations(x), by: matrix, marks: RowMarks(isWritten: marks), into: mixed)
      for (row, isWritten) in marks.enumerated() {
        #expect(mixed[row] == (isWritten ? written : read)[row], "row \(row) of \(marks.count), with its residual")
      }
    }
  }

  @Test("tokens go through experts by their marks, in both projections", arguments: levels, WeightFormat.general)
  func experts(level: InstructionSet, format: WeightFormat) throws {
    let compute = Compute(threads: 2, instructionSet: level)
    let vectors = Compute(threads: 2, instructionSet: Self.vectors(of: level))
    var random = Random(seed: 72)
    for (experts, chosen) in [(4, 2), (1, 1)] {
      let block = FeedForwardTests.Block(experts: experts, width: 100, expertWidth: 88, random: &random)
      let weights = try block.packed(format, compute)
      for marks in Self.marks(random: &random) {
        let x = Activations(marks.map { _ in random.values(100) })
        let logits = marks.map { _ in random.values(experts) }
        func mixed(_ compute: Compute, _ marks: RowMarks?) -> [[Float]] {
          let output = Activations(rows: x.rows, columns: 100)
          if experts == 1 {
            compute.denseFeedForward(x, weights: weights, marks: marks, addingInto: output)
          } else {
            var table = RoutingTable(expertCount: experts, expertsPerToken: chosen)
            compute.route(Activations(logits), by: .softmax(isNormalized: true), marks: marks, into: &table)
            compute.mixExperts(x, routing: table, weights: weights, marks: marks, addingInto: output)
          }
          return output.allRows
        }
        let (read, written) = (mixed(compute, nil), mixed(vectors, nil))
        for (row, values) in mixed(compute, RowMarks(isWritten: marks)).enumerated() {
          #expect(values == (marks[row] ? written : read)[row], "row \(row) of \(marks.count)")
        }
      }
    }
  }

  /// They go through halves, unless a scale is none: one of 8,192 and more, or one so small that weights would be lost.
  @Test(
    "weights are as good where their scales are no halves, or a few of them are not", arguments: levels,
    formats.filter { $0 == .q8_0 || $0 == .q4_0 || !$0.isGeneral && $0 != .mxfp4 })
  func scales(level: InstructionSet, format: WeightFormat) throws {
    let compute = Compute(threads: 1, instructionSet: level)
    var random = Random(seed: 74)
    for high: UInt8 in [0x70, 0x00, 0x10] {
      let (matrix, values) = try BlockFormatTests.matrix(
        format, rows: 70, columns: 768, high: high, compute: compute, random: &random)
      let x = BlockFormatTests.inputs(40, columns: 768, random: &random)
      let output = Activations(columns: 70)
      compute.multiply(Activations(x), by: matrix, into: output)
      let expected = x.flatMap { Reference.multiply($0, values, rows: 70) }
      #expect(difference(output.allRows.flatMap { $0 }, expected) < 2e-2, "upper bytes of \(high)")
    }
  }

  @Test(
    "rows have the same bits alone and in groups, where a panel is wider than what is kept of it", arguments: levels,
    [WeightFormat.q8_0, .q4_k, .q6_k])
  func groups(level: InstructionSet, format: WeightFormat) throws {
    let compute = Compute(threads: 1, instructionSet: level)
    var random = Random(seed: 75)
    let (matrix, _) = try BlockFormatTests.matrix(format, rows: 40, columns: 2816, compute: compute, random: &random)
    let x = BlockFormatTests.inputs(100, columns: 2816, random: &random)
    let (together, alone) = (Activations(columns: 40), Activations(columns: 40))
    compute.multiply(Activations(x), by: matrix, into: together)
    for row in [0, 40, 99] {
      compute.multiply(Activations([x[row]]), by: matrix, into: alone)
      #expect(together[row] == alone[0], "row \(row)")
    }
  }

  @Test("what lies behind the last row, or beside it, does not count", arguments: levels, [WeightFormat.bf16, .q8_0])
  func behind(level: InstructionSet, format: WeightFormat) throws {
    let compute = Compute(threads: 1, instructionSet: level)
    var random = Random(seed: 73)
    let matrix = try WeightMatrix(random.values(40 * 70), rows: 40, columns: 70, format: format, compute: compute)
    let x = random.values(70)
    let outputs = try [Float.zero, .nan, .infinity].map { other in
      let output = Activations(columns: 40)
      compute.multiply(
        Activations(Array(repeating: Array(repeating: other, count: 70), count: 64)), by: matrix, into: output)
      compute.multiply(Activations([x, Array(repeating: other, count: 70)]), by: matrix, into: output)
      return try #require(output.allRows.first)
    }
    #expect(outputs[0] == outputs[1] && outputs[0] == outputs[2])
    #expect(outputs[0].allSatisfy { $0.isFinite })
  }
}
