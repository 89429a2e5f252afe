/// A matrix of small integers with a scale, and sometimes a zero point, for each group of a row's columns:
///
///     weight[r, c] = scale[r, g] · (code[r, c] − zero[r, g]),  g = group of c
struct PackedIntegers {
  let rows: Int
  let columns: Int
  let bits: Int
  /// Unsigned. `[rows, columns]`
  var codes: [UInt8]
  /// `[rows, groupCount]`
  var scales: [Float]
  /// `[rows, groupCount]`; nil where they all are the middle, 2^(bits − 1).
  var zeros: [Int32]?
  /// Columns of a group, which follow each other unless `groups` says otherwise.
  let groupSize: Int
  /// The group of each column. `[columns]`
  var groups: [Int32]?

  var groupCount: Int { (columns + groupSize - 1) / groupSize }
  private var middle: Int { 1 << (bits - 1) }

  /// The elements as blocks, or as floats.
  ///
  /// Q4_0 and Q8_0 hold what has its zero in the middle, up to the rounding of scales to half precision; Q4_1 holds
  /// what has not, up to that of scale · zero. Floats hold all.
  ///
  /// - Parameter type: One that `form` allows.
  func encoded(as type: ElementType) -> [UInt8] {
    guard type != .f32 else { return floats.littleEndianBytes }
    var output: [UInt8] = []
    output.reserveCapacity(type.byteCount(of: rows * columns) ?? 0)
    for row in 0..<rows {
      for start in stride(from: 0, to: columns, by: 32) {
        appendBlock(type, row * columns + start, group: row * groupCount + start / groupSize, to: &output)
      }
    }
    return output
  }

  /// The type that holds such a matrix most nearly, and how precisely it is to be held.
  ///
  /// - Parameters:
  ///   - hasZeros: Whether zero points may be others than the middle.
  ///   - isOrdered: Whether the columns of a group follow each other.
  static func form(bits: Int, hasZeros: Bool, isOrdered: Bool, groupSize: Int, columns: Int) -> (
    type: ElementType, precision: ElementType
  ) {
    let fitsBlocks = isOrdered && columns % 32 == 0 && (groupSize % 32 == 0 || groupSize >= columns)
    guard fitsBlocks else { return (.f32, .q8_0) }
    return switch (bits, hasZeros) {
    case (4, false): (.q4_0, .q4_0)
    case (4, true): (.q4_1, .q4_1)
    case (8, false): (.q8_0, .q8_0)
    default: (.f32, .q8_0)
    }
  }

  /// `[rows, columns]`
  private var floats: [Float] {
    var output: [Float] = []
    output.reserveCapacity(rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        let group = row * groupCount + (groups.map { Int($0[column]) } ?? column / groupSize)
        let zero = zeros.map { Int($0[group]) } ?? middle
        output.append(scales[group] * Float(Int(codes[row * columns + column]) - zero))
      }
    }
    return output
  }

  private func appendBlock(_ type: ElementType, _ start: Int, group: Int, to output: inout [UInt8]) {
    let scale = scales[group]
    append(scale.halfBits, to: &output)
    if type == .q8_0 {
      for index in start..<start + 32 { output.append(codes[index] ^ 0x80) }
      return
    }
    if type == .q4_1 { append((-scale * Float(zeros?[group] ?? Int32(middle))).halfBits, to: &output) }
    for index in start..<start + 16 { output.append(codes[index] | codes[index + 16] << 4) }
  }

  private func append(_ half: UInt16, to output: inout [UInt8]) {
    output.append(UInt8(truncatingIfNeeded: half))
    output.append(UInt8(half >> 8))
  }
}
