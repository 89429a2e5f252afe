import SpudKernels
import SpudTensors
import Testing

/// The formats that memory holds as files do.
@Suite("Blocks as files have them")
struct BlockFormatTests {
  static let formats = WeightFormat.allCases.filter { !$0.isGeneral }

  /// Where a block's half-precision scale and minimum stand.
  private static func halves(of type: ElementType) -> [Int] {
    switch type {
    case .q4_k, .q5_k, .q4_1, .q5_1: [0, 2]
    case .q6_k: [208]
    case .q3_k: [108]
    case .q2_k: [80, 82]
    default: [0]
    }
  }

  /// Whole blocks of random bytes, with scales of ordinary size; of some, a scale is zero, or minus zero.
  ///
  /// `high` is the upper byte of half-precision numbers, but for their sign and two bits.
  static func blocks(_ format: WeightFormat, count: Int, high: UInt8 = 0x10, random: inout Random) -> [UInt8] {
    let type = format.elementType
    let size = type.blockBitCount / 8
    var bytes = (0..<count / type.blockLength * size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    for start in stride(from: 0, to: bytes.count, by: size) {
      if type == .mxfp4 {
        bytes[start] = random.below(9) == 0 ? bytes[start] % 80 : 118 + bytes[start] % 8
        continue
      }
      for place in halves(of: type) { bytes[start + place + 1] = high | bytes[start + place + 1] & 0x83 }
      let scale = start + halves(of: type)[0]
      if random.below(9) == 0 { (bytes[scale], bytes[scale + 1]) = (0, bytes[scale + 1] & 0x80) }
      // A scale inside the block.
      let part = random.below(4)
      switch type {
      case .q4_k, .q5_k: bytes[start + 4 + part] &= 0xC0
      case .q6_k: bytes[start + 192 + part] = 0
      case .q3_k: (bytes[start + 96 + part], bytes[start + 104 + part]) = (0, 0xAA)
      case .q2_k: bytes[start + part] &= 0xF0
      case .iq4_xs: (bytes[start + 2 + part / 4], bytes[start + 4 + part]) = (0xAA, 0)
      default: break
      }
    }
    return bytes
  }

  /// Blocks whose weights are about 1/16.
  private static func small(_ format: WeightFormat, count: Int, random: inout Random) -> [UInt8] {
    if format.isGeneral {
      return Quantization.bytes(of: random.values(count, scale: 1 / 16).span, as: format.elementType)
    }
    return blocks(format, count: count, high: format == .q5_0 ? 0x1C : format == .q4_k ? 0x08 : 0x04, random: &random)
  }

  static func matrix(
    _ format: WeightFormat, rows: Int, columns: Int, high: UInt8 = 0x10, compute: Compute, random: inout Random
  ) throws -> (matrix: WeightMatrix, values: [Float]) {
    let bytes = blocks(format, count: rows * columns, high: high, random: &random)
    let matrix = try WeightMatrix(rows: rows, columns: columns, format: format)
    try matrix.pack(bytes, encoding: format.elementType, firstRow: 0, rows: rows, compute: compute)
    return (matrix, try unsafe Dequantization.floats(of: bytes.span.bytes, format.elementType, name: "blocks"))
  }

  /// Inputs that become bytes exactly: integers whose largest magnitude is 127 in each 32, times a power of two.
  static func inputs(_ rows: Int, columns: Int, random: inout Random) -> [[Float]] {
    (0..<rows).map { _ in
      (0..<columns / 32).flatMap { _ in
        let scale = Float(sign: .plus, exponent: random.below(5) - 6, significand: 1)
        return [127 * scale] + (0..<31).map { _ in Float(random.below(255) - 127) * scale }
      }
    }
  }

  @Test("a panel holds what the file does, value by value", arguments: formats)
  func held(format: WeightFormat) throws {
    let compute = Compute(threads: 2)
    var random = Random(seed: 41)
    let (matrix, values) = try Self.matrix(format, rows: 75, columns: 768, compute: compute, random: &random)
    let held = Activations(columns: 768)
    compute.gather((0..<75).map { $0 }, from: .packed(matrix), into: held)
    // Powers of two below 2^-36 are the only thing that is not kept.
    let expected = format == .mxfp4 ? values.map { $0.magnitude < 0x1p-32 ? 0 : $0 } : values
    #expect(held.allRows.flatMap { $0 } == expected)
    // Rows up to a whole panel, and a file's bytes; of MXFP4 one more in 17.
    let type = format.elementType
    let size = 96 * 768 / type.blockLength * type.blockBitCount / 8
    #expect(Double(matrix.byteCount) <= Double(size) * (format == .mxfp4 ? 18.0 / 17 : 1))
  }

  @Test(
    "where inputs become bytes exactly, every instruction set computes what the file's values do",
    arguments: InstructionSet.supported, formats)
  func agrees(level: InstructionSet, format: WeightFormat) throws {
    let compute = Compute(threads: 2, instructionSet: level)
    var random = Random(seed: 42)
    let (matrix, values) = try Self.matrix(format, rows: 70, columns: 768, compute: compute, random: &random)
    // Tiles round weights, by way of halves, to bfloat16, which the inputs are already.
    let rounded = compute.tellsMarksApart ? values.map(Reference.bfloat16) : values
    let x = Self.inputs(13, columns: 768, random: &random)
    for count in [1, 2, 3, 5, 13] {
      let output = Activations(columns: 70)
      compute.multiply(Activations(Array(x[..<count])), by: matrix, into: output)
      let expected = x[..<count].flatMap { Reference.multiply($0, values, rows: 70) }
      let loss = difference(x[..<count].flatMap { Reference.multiply($0, rounded, rows: 70) }.map(Float.init), expected)
      #expect(difference(output.allRows.flatMap { $0 }, expected) < 1e-5 + 1.5 * loss, "\(count) rows")
    }
  }

  @Test(
    "a row's result does not depend on the number of rows or threads, bit for bit", arguments: InstructionSet.supported,
    formats)
  func independent(level: InstructionSet, format: WeightFormat) throws {
    var results: [[[Float]]] = []
    for threads in [1, 3] {
      let compute = Compute(threads: threads, instructionSet: level)
      var random = Random(seed: 43)
      let (matrix, _) = try Self.matrix(format, rows: 40, columns: 512, compute: compute, random: &random)
      let x = (0..<100).map { _ in random.values(512) }
      let together = Activations(columns: 40)
      compute.multiply(Activations(x), by: matrix, into: together)
      results.append(together.allRows)
      for count in [1, 2, 3, 4, 5, 6, 7, 12, 13, 97] {
        let part = Activations(columns: 40)
        compute.multiply(Activations(Array(x[..<count])), by: matrix, into: part)
        #expect(part.allRows == Array(together.allRows[..<count]))
      }
    }
    #expect(results[0] == results[1])
  }

  @Test("rows whose scales are zero are zero, whatever their codes are", arguments: InstructionSet.supported, formats)
  func zeros(level: InstructionSet, format: WeightFormat) throws {
    guard format != .mxfp4 else { return }
    let compute = Compute(threads: 1, instructionSet: level)
    let type = format.elementType
    var bytes = Array(repeating: UInt8(0xB7), count: 2 * 256 / type.blockLength * type.blockBitCount / 8)
    for start in stride(from: 0, to: bytes.count, by: type.blockBitCount / 8) {
      for place in Self.halves(of: type) { (bytes[start + place], bytes[start + place + 1]) = (0, 0) }
    }
    let matrix = try WeightMatrix(rows: 2, columns: 256, format: format)
    try matrix.pack(bytes, encoding: type, firstRow: 0, rows: 2, compute: compute)
    for scale: Float in [0, 1e-30, 1e-3, 1, 1e4, 1e12] {
      for count in [1, 9] {
        let output = Activations(columns: 2)
        compute.multiply(
          Activations(Array(repeating: Array(repeating: scale, count: 256), count: count)), by: matrix, into: output)
        #expect(output.allRows.allSatisfy { $0 == [0, 0] })
      }
    }
  }

  @Test("matrices of several such formats at once are the same as one at a time")
  func together() throws {
    let compute = Compute(threads: 2)
    var random = Random(seed: 44)
    let matrices = try Self.formats.map {
      try Self.matrix($0, rows: 33, columns: 256, compute: compute, random: &random).matrix
    }
    let x = Activations((0..<3).map { _ in random.values(256) })
    let outputs = matrices.map { _ in Activations(columns: 33) }
    compute.multiply(x, by: matrices, into: outputs)
    for (matrix, output) in zip(matrices, outputs) {
      let alone = Activations(columns: 33)
      compute.multiply(x, by: matrix, into: alone)
      #expect(alone.allRows == output.allRows)
    }
  }

  @Test(
    "experts whose down projection has another format, few rows and many", arguments: InstructionSet.supported,
    [(WeightFormat.q4_k, WeightFormat.q6_k), (.q5_k, .q8_0), (.q4_0, .q5_0), (.iq4_xs, .iq4_xs)])
  func experts(level: InstructionSet, formats: (gateUp: WeightFormat, down: WeightFormat)) throws {
    let compute = Compute(threads: 2, instructionSet: level)
    var random = Random(seed: 45)
    let (count, width, expertWidth) = (3, 256, 256)
    let weights = try ExpertWeights(
      expertCount: count, width: width, expertWidth: expertWidth, format: formats.gateUp, downFormat: formats.down)
    var values: [ExpertWeights.Projection: [[Float]]] = [:]
    for projection in ExpertWeights.Projection.allCases {
      for expert in 0..<count {
        let format = projection == .down ? formats.down : formats.gateUp
        let bytes = Self.small(format, count: width * expertWidth, random: &random)
        try weights.pack(projection, expert: expert, from: bytes, encoding: format.elementType, compute: compute)
        values[projection, default: []].append(
          try unsafe Dequantization.floats(of: bytes.span.bytes, format.elementType, name: "blocks"))
      }
    }
    let x = (0..<40).map { _ in random.values(width) }
    var table = RoutingTable(expertCount: count, expertsPerToken: 2)
    compute.route(Activations(x.map { _ in random.values(count) }), by: .softmax(isNormalized: true), into: &table)
    let output = Activations(rows: 40, columns: width)
    compute.mixExperts(Activations(x), routing: table, weights: weights, addingInto: output)
    let gate = try #require(values[.gate])
    let up = try #require(values[.up])
    let down = try #require(values[.down])
    var expected: [Double] = []
    for token in x.indices {
      var sum = Array(repeating: 0.0, count: width)
      for slot in token * 2..<token * 2 + 2 {
        let expert = Int(table.experts[slot])
        let part = Reference.feedForward(
          x[token], gate: gate[expert], up: up[expert], down: down[expert], expertWidth: expertWidth)
        for column in 0..<width { sum[column] += Double(table.weights[slot]) * part[column] }
      }
      expected += sum
    }
    #expect(difference(output.allRows.flatMap { $0 }, expected) < 0.15)
  }
}
