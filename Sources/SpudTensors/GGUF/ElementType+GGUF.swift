extension ElementType {
  /// The number by which GGUF names this type; nil for types that the format lacks.
  ///
  /// Source: `enum ggml_type` in ggml.h of ggml-org/llama.cpp.
  package var ggufID: UInt32? {
    switch self {
    case .f32: 0
    case .f16: 1
    case .q4_0: 2
    case .q8_0: 8
    case .q4_k: 12
    case .q6_k: 14
    case .i8: 24
    case .i16: 25
    case .i32: 26
    case .i64: 27
    case .f64: 28
    case .bf16: 30
    default: nil
    }
  }

  /// The type with that number, or nil: the format has more types than this runtime reads.
  package init?(ggufID id: UInt32) {
    guard let type = Self.allCases.first(where: { $0.ggufID == id }) else { return nil }
    self = type
  }

  /// What llama.cpp calls the types that are not read here, for errors.
  package static func nameOfUnsupported(ggufID id: UInt32) -> String {
    let names: [UInt32: String] = [
      3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 13: "Q5_K", 15: "Q8_K", 16: "IQ2_XXS",
      17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 29: "IQ1_M",
      34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
    ]
    return names[id] ?? "number \(id)"
  }
}
