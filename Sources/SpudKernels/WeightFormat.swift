internal import CSpudBlocks
internal import CSpudKernels
package import SpudTensors

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

extension ElementType {
  /// The format that holds such weights of a file most nearly: the same one where there is one.
  ///
  /// F16 becomes bf16, which keeps 8 of its 11 significant bits and is still finer than any 8-bit block. Blocks without
  /// panels of their own become q8_0: exactly, where they are a half-precision scale times integers (Q5_0, IQ4_NL,
  /// MXFP4 and the ternary types); else each 32 get a step of a 127th of their largest magnitude, which is at most a
  /// 17th of a Q4_K step and about a quarter of a Q6_K step.
  package var nearestFormat: WeightFormat {
    switch self {
    case .f64, .f32: .f32
    case .f16, .bf16: .bf16
    case .q4_0: .q4_0
    default: .q8_0
    }
  }

  /// Bytes of one row of `columns` weights; nil when the type's blocks do not divide it, or weights cannot have it.
  package func rowBytes(columns: Int) -> Int? {
    let bytes = spud_row_bytes(code, Int64(columns))
    return bytes == 0 ? nil : Int(bytes)
  }

  /// What the kernels call this type. Those that weights cannot have are of no size there.
  var code: spud_encoding { spud_encoding(rawValue: ggufID ?? .max) }
}

extension WeightFormat {
  /// The one format that holds weights of all these types most nearly, as matrices that share panels must.
  ///
  /// Formats that take more bytes hold more: blocks of 4 bits fit into those of 8 exactly, and those of 8 lose less in
  /// bfloat16 than the other way round.
  ///
  /// - Precondition: There is a type.
  package static func nearest(to types: [ElementType]) -> WeightFormat {
    let formats = types.map(\.nearestFormat)
    precondition(!formats.isEmpty, "weights of no type")
    return formats.reduce(formats[0]) { $0.bytesPerWeight < $1.bytesPerWeight ? $1 : $0 }
  }
}
