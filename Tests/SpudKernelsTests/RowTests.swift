import SpudKernels
import SpudTensors
import Testing

@Suite("Rows")
struct RowTests {
  @Test("norms of whole rows and of heads agree with the reference", arguments: InstructionSet.supported)
  func norms(level: InstructionSet) {
    let compute = Compute(threads: 2, instructionSet: level)
    var random = Random(seed: 13)
    for (columns, width) in [(37, 37), (60, 20), (2048, 2048), (2048, 128)] {
      let x = (0..<9).map { _ in random.values(columns, scale: 3) }
      let weight = random.values(width)
      let output = Activations(columns: columns)
      compute.normalize(Activations(x), weight: weight, epsilon: 1e-6, groupWidth: width, into: output)
      for (row, values) in x.enumerated() {
        var expected: [Double] = []
        for group in 0..<columns / width {
          let part = values[group * width..<(group + 1) * width].map(Double.init)
          let scale = 1 / (part.reduce(0) { $0 + $1 * $1 } / Double(width) + 1e-6).squareRoot()
          expected += zip(part, weight).map { $0 * scale * Double($1) }
        }
        #expect(difference(output[row], expected) < 1e-5)
      }
    }
  }

  @Test("rows that stay in their file are what it holds, and no others", arguments: [ElementType.bf16, .q8_0, .q6_k])
  func stored(encoding: ElementType) throws {
    let (rows, columns) = (9, 512)
    let rowBytes = try #require(encoding.rowBytes(columns: columns))
    var random = Random(seed: 15)
    let before = 6
    // No exponent is that of a number that is none.
    let bytes = (0..<before + rows * rowBytes).map { _ in UInt8(truncatingIfNeeded: random.next()) & 0x3F }
    let file = try MappedFile(copying: bytes, name: "rows")
    func stored(_ range: Range<Int>, columns: Int = columns) -> StoredRows? {
      StoredRows(file, at: range, encoding: encoding, rows: rows, columns: columns)
    }
    let places: [Int32] = [8, 0, 3, 3]
    let found = Activations(columns: columns)
    Compute(threads: 2).gather(places, from: .stored(try #require(stored(before..<bytes.count))), into: found)
    for (index, place) in places.enumerated() {
      let start = before + Int(place) * rowBytes
      let row = file.bytes.extracting(start..<start + rowBytes)
      #expect(found[index] == (try Dequantization.floats(of: row, encoding, name: "row")))
    }
    #expect(stored(before..<bytes.count - 1) == nil && stored(before + 2..<bytes.count + 2) == nil)
    #expect(stored(before..<bytes.count, columns: columns - 1) == nil)
  }

  @Test("file encodings are read as their definition says", arguments: [ElementType.f16, .bf16, .q8_0, .q4_0])
  func encodings(encoding: ElementType) throws {
    let compute = Compute(threads: 2)
    var random = Random(seed: 14)
    let rows = 37
    let columns = 64
    let rowBytes = try #require(encoding.rowBytes(columns: columns))
    // Any bytes are valid, but a scale must be finite and of ordinary size: 0x2xxx halves lie between 2^-7 and 2^-6.
    var bytes: [UInt8] = []
    for _ in 0..<rows * rowBytes { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
    let block = encoding == .q8_0 ? 34 : encoding == .q4_0 ? 18 : 2
    for start in stride(from: 0, to: bytes.count, by: block) { bytes[start + 1] = 0x21 }
    let matrix = try unsafe WeightMatrix(
      bytes.span.bytes, encoding: encoding, rows: rows, columns: columns,
      format: encoding == .f16 ? .f32 : encoding.nearestFormat,
      compute: compute)
    let held = Activations(columns: columns)
    compute.gather((0..<Int32(rows)).map { $0 }, from: .packed(matrix), into: held)
    for row in 0..<rows {
      for column in 0..<columns {
        let start = row * rowBytes
        func half(_ at: Int) -> Float { Float(Float16(bitPattern: UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8)) }
        let expected: Float
        switch encoding {
        case .f16: expected = half(start + 2 * column)
        case .bf16:
          let low = UInt32(bytes[start + 2 * column])
          let high = UInt32(bytes[start + 2 * column + 1])
          expected = Float(bitPattern: (low | high << 8) << 16)
        case .q8_0:
          let at = start + column / 32 * 34
          expected = half(at) * Float(Int8(bitPattern: bytes[at + 2 + column % 32]))
        default:
          let at = start + column / 32 * 18
          let pair = bytes[at + 2 + column % 16]
          expected = half(at) * Float(Int(column % 32 < 16 ? pair & 15 : pair >> 4) - 8)
        }
        #expect(held[row][column] == expected)
      }
    }
  }

  /// Whole blocks of random bytes, with scales of ordinary size.
  static func blocks(_ type: ElementType, count: Int, seed: UInt64) -> [UInt8] {
    var random = Random(seed: seed)
    let size = type.blockBitCount / 8
    var bytes = (0..<count * size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let place = type == .tq1_0 ? 52 : type == .tq2_0 ? 64 : 0
    for start in stride(from: 0, to: bytes.count, by: size) {
      if type == .mxfp4 { bytes[start] = 110 + bytes[start] % 20 } else { bytes[start + place + 1] = 0x21 }
    }
    return bytes
  }

  @Test(
    "a scale times integers is held exactly in 8 bits, whatever the file calls it",
    arguments: [ElementType.q4_0, .q5_0, .q8_1, .iq4_nl, .mxfp4, .tq1_0, .tq2_0, .q1_0, .q2_0])
  func exactInEightBits(type: ElementType) throws {
    let compute = Compute(threads: 2)
    let (rows, columns) = (37, 512)
    let bytes = Self.blocks(type, count: rows * columns / type.blockLength, seed: 33)
    let matrix = try unsafe WeightMatrix(
      bytes.span.bytes, encoding: type, rows: rows, columns: columns, format: .q8_0, compute: compute)
    let held = Activations(columns: columns)
    compute.gather((0..<Int32(rows)).map { $0 }, from: .packed(matrix), into: held)
    let expected = try unsafe Dequantization.floats(of: bytes.span.bytes, type, name: "blocks")
    #expect(held.allRows.flatMap { $0 } == expected)
  }

  @Test(
    "other blocks are widened to 8 bits within half a step of those",
    arguments: [ElementType.q4_1, .q5_1, .q2_k, .q4_k, .q5_k, .iq2_s, .iq3_s])
  func widened(type: ElementType) throws {
    let compute = Compute(threads: 2)
    let (rows, columns) = (5, 512)
    var bytes = Self.blocks(type, count: rows * columns / type.blockLength, seed: 34)
    let minimum: [ElementType: Int] = [.q4_1: 2, .q5_1: 2, .q4_k: 2, .q5_k: 2, .q2_k: 82]
    for start in stride(from: 0, to: bytes.count, by: type.blockBitCount / 8) {
      if type == .q2_k { bytes[start + 81] = 0x21 }
      if let place = minimum[type] { bytes[start + place + 1] = 0xA1 }
    }
    let matrix = try unsafe WeightMatrix(
      bytes.span.bytes, encoding: type, rows: rows, columns: columns, format: .q8_0, compute: compute)
    let held = Activations(columns: columns)
    compute.gather((0..<Int32(rows)).map { $0 }, from: .packed(matrix), into: held)
    let expected = try unsafe Dequantization.floats(of: bytes.span.bytes, type, name: "blocks")
    for (row, values) in held.allRows.enumerated() {
      for start in stride(from: 0, to: columns, by: 32) {
        let block = expected[row * columns + start..<row * columns + start + 32]
        let step = (block.map(\.magnitude).max() ?? 0) / 127
        for (a, b) in zip(values[start..<start + 32], block) { #expect(abs(a - b) <= step * 0.51) }
      }
    }
  }

  @Test("weights of several types are held in the format that loses least of any")
  func nearest() {
    #expect(WeightFormat.nearest(to: [.q4_0, .q4_0]) == .q4_0)
    #expect(WeightFormat.nearest(to: [.q4_0, .q6_k, .q4_0]) == .q8_0)
    #expect(WeightFormat.nearest(to: [.iq1_s, .f16]) == .f16)
    #expect(WeightFormat.nearest(to: [.bf16, .f16]) == .bf16)
    #expect(WeightFormat.nearest(to: [.f32, .q8_0]) == .f32)
  }
}
