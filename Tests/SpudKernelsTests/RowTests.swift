import SpudKernels
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

  @Test("file encodings are read as their definition says", arguments: [WeightEncoding.f16, .bf16, .q8_0, .q4_0])
  func encodings(encoding: WeightEncoding) throws {
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
    compute.gather((0..<Int32(rows)).map { $0 }, from: matrix, into: held)
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
}
