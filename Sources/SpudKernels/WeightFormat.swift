internal import CSpudBlocks
internal import CSpudKernels
package import SpudTensors

/// How weights are laid out in memory. Every format is a sequence of panels of 32 rows; see `spud_kernels.h`.
public enum WeightFormat: String, CaseIterable, Sendable {
  /// 4 bytes a weight; products in float32.
  case f32
  /// 2 bytes a weight; with AVX-512, inputs are rounded to bfloat16 too, else they stay float32. Sums are float32.
  case bf16
  /// 2 bytes a weight, eleven bits of which are significant; products in float32.
  case f16
  /// 34 bytes for 32 weights: bytes with one half-precision scale. Inputs become bytes with one scale for each
  /// 32, as large as they need or a little larger.
  case q8_0
  /// 18 bytes for 32 weights: nibbles with one half-precision scale. Inputs as for `q8_0`.
  case q4_0

  // Held as files have them, block by block: only weights of the same type can be packed. Inputs as for `q8_0`.
  /// 144 bytes for 256 weights: nibbles, with a six-bit scale and minimum for each 32.
  case q4_k
  /// 176 bytes for 256 weights of five bits, with a six-bit scale and minimum for each 32.
  case q5_k
  /// 210 bytes for 256 weights of six bits, with a signed 8-bit scale for each 16.
  case q6_k
  /// 110 bytes for 256 weights of three bits, with a signed six-bit scale for each 16.
  case q3_k
  /// 84 bytes for 256 weights of two bits, with a four-bit scale and minimum for each 16.
  case q2_k
  /// 20 bytes for 32 weights: nibbles with a half-precision scale and minimum.
  case q4_1
  /// 22 bytes for 32 weights of five bits with a half-precision scale.
  case q5_0
  /// 24 bytes for 32 weights of five bits with a half-precision scale and minimum.
  case q5_1
  /// 136 bytes for 256 weights: nibbles that choose from 16 uneven values, with a signed six-bit scale for each 32.
  case iq4_xs
  /// 18 bytes for 32 weights: nibbles that choose from 16 uneven values, with a half-precision scale.
  case iq4_nl
  /// 18 bytes for 32 weights (a file's 17): nibbles that are numbers of four bits (E2M1), with a power of two.
  case mxfp4

  /// The formats that any weights can be rounded to.
  package static let general: [WeightFormat] = [.f32, .bf16, .f16, .q8_0, .q4_0]

  /// Whether any weights can be rounded to it.
  package var isGeneral: Bool { Self.general.contains(self) }

  /// One format for all those whose inputs are prepared alike.
  var inputFormat: WeightFormat { isGeneral ? self : .q4_k }

  var code: spud_format {
    switch self {
    case .f32: SPUD_F32
    case .bf16: SPUD_BF16
    case .f16: SPUD_F16
    case .q8_0: SPUD_Q8_0
    case .q4_0: SPUD_Q4_0
    case .q4_k: SPUD_Q4_K
    case .q5_k: SPUD_Q5_K
    case .q6_k: SPUD_Q6_K
    case .q3_k: SPUD_Q3_K
    case .q2_k: SPUD_Q2_K
    case .q4_1: SPUD_Q4_1
    case .q5_0: SPUD_Q5_0
    case .q5_1: SPUD_Q5_1
    case .iq4_xs: SPUD_IQ4_XS
    case .iq4_nl: SPUD_IQ4_NL
    case .mxfp4: SPUD_MXFP4
    }
  }

  /// What files call it.
  package var elementType: ElementType {
    switch self {
    case .f32: .f32
    case .bf16: .bf16
    case .f16: .f16
    case .q8_0: .q8_0
    case .q4_0: .q4_0
    case .q4_k: .q4_k
    case .q5_k: .q5_k
    case .q6_k: .q6_k
    case .q3_k: .q3_k
    case .q2_k: .q2_k
    case .q4_1: .q4_1
    case .q5_0: .q5_0
    case .q5_1: .q5_1
    case .iq4_xs: .iq4_xs
    case .iq4_nl: .iq4_nl
    case .mxfp4: .mxfp4
    }
  }

  /// Bytes that one weight takes, scales included.
  package var bytesPerWeight: Double {
    Double(spud_unit_bytes(code)) / Double(SPUD_PANEL_ROWS * Int(spud_unit_columns(code)))
  }
}

extension ElementType {
  /// The format that holds such weights of a file as they are, or most nearly.
  package var nearestFormat: WeightFormat {
    WeightFormat.allCases.first { $0.elementType == self } ?? nearestGeneralFormat
  }

  /// The format that holds such weights most nearly among those that hold any.
  ///
  /// Blocks without
  /// panels of their own become q8_0: exactly, where they are a half-precision scale times integers (Q5_0, IQ4_NL,
  /// MXFP4 and the ternary types); else each 32 get a step of a 127th of their largest magnitude, which is at most a
  /// 17th of a Q4_K step and about a quarter of a Q6_K step.
  var nearestGeneralFormat: WeightFormat {
    switch self {
    case .f64, .f32: .f32
    case .bf16: .bf16
    case .f16: .f16
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
  /// That is their own, where all have the same. Of others, those that take more bytes hold more: blocks of 4 bits fit
  /// into those of 8 exactly, and those of 8 lose less in bfloat16 than the other way round.
  ///
  /// - Precondition: There is a type.
  package static func nearest(to types: [ElementType]) -> WeightFormat {
    precondition(!types.isEmpty, "weights of no type")
    if Set(types).count == 1 { return types[0].nearestFormat }
    let formats = types.map(\.nearestGeneralFormat)
    // Halves have not the range of bfloat16.
    if formats.contains(.f16), formats.contains(.bf16) { return formats.contains(.f32) ? .f32 : .bf16 }
    return formats.reduce(formats[0]) { $0.bytesPerWeight < $1.bytesPerWeight ? $1 : $0 }
  }
}
