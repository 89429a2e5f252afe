internal import SpudKernels
internal import SpudTensors

/// Random weights in a file's encoding, of ordinary size.
struct RandomBlocks {
  private var state: UInt64 = 0x5EED

  private mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  /// `[rows, columns]` weights of about 1/√columns.
  private mutating func bytes(rows: Int, columns: Int, format: WeightFormat) -> (
    bytes: [UInt8], encoding: ElementType
  ) {
    let encoding = format.elementType
    let block = encoding.blockBitCount / 8
    let count = rows * (encoding.rowBytes(columns: columns) ?? 0)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
      var random = next()
      for _ in 0..<min(8, count - bytes.count) {
        bytes.append(UInt8(truncatingIfNeeded: random))
        random >>= 8
      }
    }
    for start in stride(from: 0, to: count, by: block) {
      switch format {
      // Magnitudes of about 2^-6: exponent bits of a float, a bfloat16, and the half-precision scales.
      case .f32: (bytes[start + 3], bytes[start + 2]) = (0x3C | bytes[start + 3] & 0x80, bytes[start + 2] & 0x7F)
      case .bf16: (bytes[start + 1], bytes[start]) = (0x3C | bytes[start + 1] & 0x80, bytes[start] & 0x7F)
      case .f16: bytes[start + 1] = 0x24 | bytes[start + 1] & 0x80
      case .q8_0: bytes[start + 1] = 0x08
      case .q4_0: bytes[start + 1] = 0x18
      case .q4_k, .q5_k: (bytes[start + 1], bytes[start + 3]) = (0x04, 0x08)
      case .q6_k: bytes[start + 209] = 0x01
      case .q3_k: bytes[start + 109] = 0x08
      case .q2_k: (bytes[start + 81], bytes[start + 83]) = (0x18, 0x18)
      case .q4_1, .q5_1: (bytes[start + 1], bytes[start + 3]) = (0x18, 0xA0)
      case .q5_0: bytes[start + 1] = 0x18
      case .iq4_xs: bytes[start + 1] = 0x01
      case .iq4_nl: bytes[start + 1] = 0x08
      case .mxfp4: bytes[start] = 120 + bytes[start] % 4
      }
    }
    return (bytes, encoding)
  }

  mutating func fill(_ matrix: WeightMatrix, compute: Compute) throws {
    var row = 0
    while row < matrix.rows {
      let rows = min(1024, matrix.rows - row)
      let (bytes, encoding) = bytes(rows: rows, columns: matrix.columns, format: matrix.format)
      try matrix.pack(bytes, encoding: encoding, firstRow: row, rows: rows, compute: compute)
      row += rows
    }
  }

  mutating func fill(_ experts: ExpertWeights, compute: Compute) throws {
    for projection in ExpertWeights.Projection.allCases {
      let (rows, columns) =
        projection == .down ? (experts.width, experts.expertWidth) : (experts.expertWidth, experts.width)
      // One expert's random weights serve all of them: each has a copy of its own to be read.
      let (bytes, encoding) = bytes(rows: rows, columns: columns, format: experts.format(of: projection))
      for expert in 0..<experts.expertCount {
        try experts.pack(projection, expert: expert, from: bytes, encoding: encoding, compute: compute)
      }
    }
  }
}
