extension ElementType {
  /// The number by which GGUF names this type; nil for types that the format lacks.
  ///
  /// Source: `enum ggml_type` in ggml.h of ggml-org/llama.cpp.
  package var ggufID: UInt32? {
    switch self {
    case .f32: 0
    case .f16: 1
    case .q4_0: 2
    case .q4_1: 3
    case .q5_0: 6
    case .q5_1: 7
    case .q8_0: 8
    case .q8_1: 9
    case .q2_k: 10
    case .q3_k: 11
    case .q4_k: 12
    case .q5_k: 13
    case .q6_k: 14
    case .q8_k: 15
    case .iq2_xxs: 16
    case .iq2_xs: 17
    case .iq3_xxs: 18
    case .iq1_s: 19
    case .iq4_nl: 20
    case .iq3_s: 21
    case .iq2_s: 22
    case .iq4_xs: 23
    case .i8: 24
    case .i16: 25
    case .i32: 26
    case .i64: 27
    case .f64: 28
    case .iq1_m: 29
    case .bf16: 30
    case .tq1_0: 34
    case .tq2_0: 35
    case .mxfp4: 39
    case .nvfp4: 40
    case .q1_0: 41
    case .q2_0: 42
    default: nil
    }
  }

  private static let byGGUFID = Dictionary(
    uniqueKeysWithValues: allCases.compactMap { type in type.ggufID.map { ($0, type) } })

  /// The type with that number, or nil: some numbers were given up, and some may come.
  package init?(ggufID id: UInt32) {
    guard let type = Self.byGGUFID[id] else { return nil }
    self = type
  }

  /// What llama.cpp called the types that it gave up, for errors.
  package static func nameOfUnsupported(ggufID id: UInt32) -> String {
    let names: [UInt32: String] = [
      4: "Q4_2", 5: "Q4_3", 31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8", 36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8",
      38: "IQ4_NL_8_8",
    ]
    return names[id] ?? "number \(id)"
  }
}
