package import SpudTensors

/// Which type each tensor of a quantized file gets. Most have one type; those on which much depends get more bits.
///
/// Source of the rules: `llama_tensor_get_type_impl` in src/llama-quant.cpp of ggml-org/llama.cpp, whose names
/// these are.
package enum QuantizationMix: String, CaseIterable, Sendable {
  case f32, bf16, q8_0, q6_k, q5_k_m, q4_k_m, q4_0, mxfp4

  /// What a tensor's type depends on.
  package struct Place {
    /// In GGUF.
    let name: String
    let shape: [Int]
    let layerCount: Int
    /// 0 in a dense model.
    let expertCount: Int
    let isTied: Bool

    package init(name: String, shape: [Int], layerCount: Int, expertCount: Int, isTied: Bool) {
      (self.name, self.shape, self.layerCount) = (name, shape, layerCount)
      (self.expertCount, self.isTied) = (expertCount, isTied)
    }

    /// The layer that it belongs to, by its name.
    var layer: Int? {
      let parts = name.split(separator: ".")
      return parts.first == "blk" && parts.count > 1 ? Int(parts[1]) : nil
    }
  }

  /// The type of a tensor that is rounded.
  package func type(of place: Place) -> ElementType {
    Self.fitting(wanted(place), columns: columns(place))
  }

  private func columns(_ place: Place) -> Int { place.shape.last ?? 1 }

  private func wanted(_ place: Place) -> ElementType {
    guard isBlocks else { return usual }
    let part = place.name.split(separator: ".").dropLast().last.map(String.init) ?? ""
    if part == "output" || part == "token_embd" && place.isTied {
      return self == .q8_0 || self == .mxfp4 || columns(place) % usual.blockLength != 0 ? .q8_0 : .q6_k
    }
    if self == .mxfp4 { return place.shape.count > 2 ? .mxfp4 : .q8_0 }
    let isFine = place.layer.map { Self.hasMoreBits($0, of: place.layerCount) } ?? false
    switch part {
    case "attn_v":
      if place.expertCount == 8 { return .q8_0 }
      return isFine && (self == .q4_k_m || self == .q5_k_m) ? .q6_k : usual
    case "attn_k": return place.expertCount == 8 ? .q8_0 : usual
    case "attn_output": return place.expertCount == 8 && self == .q4_k_m ? .q5_k : usual
    case "ffn_down", "ffn_down_exps": return isFine && (self == .q4_k_m || self == .q5_k_m) ? .q6_k : usual
    default: return usual
    }
  }

  /// The first eighth of the layers, the last one, and every third between.
  private static func hasMoreBits(_ layer: Int, of count: Int) -> Bool {
    layer < count / 8 || layer >= 7 * count / 8 || (layer - count / 8) % 3 == 2
  }

  /// The type itself, or the next that comes in blocks that divide a row.
  private static func fitting(_ type: ElementType, columns: Int) -> ElementType {
    guard columns % type.blockLength != 0 else { return type }
    let smaller: ElementType =
      switch type {
      case .q4_k: .q5_0
      case .q5_k: .q5_1
      case .q6_k: .q8_0
      default: .f16
      }
    return columns % smaller.blockLength == 0 ? smaller : .f16
  }

  private var isBlocks: Bool { self != .f32 && self != .bf16 }

  /// The type of most tensors.
  private var usual: ElementType {
    switch self {
    case .f32: .f32
    case .bf16: .bf16
    case .q8_0: .q8_0
    case .q6_k: .q6_k
    case .q5_k_m: .q5_k
    case .q4_k_m: .q4_k
    case .q4_0: .q4_0
    case .mxfp4: .mxfp4
    }
  }

  /// llama.cpp's number for such a file.
  var fileType: UInt32 {
    switch self {
    case .f32: 0
    case .q4_0: 2
    case .q8_0: 7
    case .q4_k_m: 15
    case .q5_k_m: 17
    case .q6_k: 18
    case .bf16: 32
    case .mxfp4: 38
    }
  }
}
