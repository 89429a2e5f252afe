internal import CSpudKernels

/// How weights are laid out in memory. Every format is a sequence of panels of 32 rows; see `spud_kernels.h`.
public enum WeightFormat: String, CaseIterable, Sendable {
  /// 4 bytes a weight; products in float32.
  case f32
  /// 2 bytes a weight; with AVX-512, inputs are rounded to bfloat16 too, else they stay float32. Sums are float32.
  case bf16
  /// 34 bytes for 32 weights: bytes with one half-precision scale. Inputs become bytes with one scale for each
  /// 32, as large as they need or a little larger.
  case q8_0
  /// 18 bytes for 32 weights: nibbles with one half-precision scale. Inputs as for `q8_0`.
  case q4_0

  var code: spud_format {
    switch self {
    case .f32: SPUD_F32
    case .bf16: SPUD_BF16
    case .q8_0: SPUD_Q8_0
    case .q4_0: SPUD_Q4_0
    }
  }

  /// Bytes that one weight takes, scales included.
  package var bytesPerWeight: Double {
    switch self {
    case .f32: 4
    case .bf16: 2
    case .q8_0: Double(SPUD_Q8_0_BLOCK_BYTES) / Double(SPUD_BLOCK)
    case .q4_0: Double(SPUD_Q4_0_BLOCK_BYTES) / Double(SPUD_BLOCK)
    }
  }
}

/// How weights are laid out in a file, row by row.
package enum WeightEncoding: String, CaseIterable, Sendable {
  case f32, f16, bf16, q8_0, q4_0, q4_K, q6_K

  var code: spud_encoding {
    switch self {
    case .f32: SPUD_FROM_F32
    case .f16: SPUD_FROM_F16
    case .bf16: SPUD_FROM_BF16
    case .q8_0: SPUD_FROM_Q8_0
    case .q4_0: SPUD_FROM_Q4_0
    case .q4_K: SPUD_FROM_Q4_K
    case .q6_K: SPUD_FROM_Q6_K
    }
  }

  /// The format that keeps what the file holds: the same one where there is one.
  ///
  /// F16 becomes bf16, which keeps 8 of its 11 significant bits and is still finer than any 8-bit block. Q4_K and Q6_K
  /// become q8_0: its step is at most a 17th of a Q4_K step and about a quarter of a Q6_K step.
  package var nearestFormat: WeightFormat {
    switch self {
    case .f32: .f32
    case .f16, .bf16: .bf16
    case .q8_0, .q4_K, .q6_K: .q8_0
    case .q4_0: .q4_0
    }
  }

  /// Bytes of one row of `columns` weights; nil when the encoding's blocks do not divide it.
  package func rowBytes(columns: Int) -> Int? {
    let bytes = spud_row_bytes(code, Int64(columns))
    return bytes == 0 ? nil : Int(bytes)
  }
}
