internal import SpudErrors
internal import SpudTensors

extension TensorSource {
  /// The tensors of a Hugging Face directory, its quantized matrices put together under the names that they had before.
  ///
  /// - Throws: `SpudError.badData` for a method or a setting that is not known, and for parts that do not fit together.
  convenience init(modelDirectory directory: String) throws {
    let stored = try TensorSource(safetensorsIn: directory)
    guard let settings = try QuantizationSettings(directory: directory) else {
      try Self.checkNotQuantized(stored, directory)
      try self.init(stored, deriving: [])
      return
    }
    let names = stored.tensorNames
    let derived = try names.compactMap { try settings.derived(from: $0, in: stored) }
    let parts = [
      ".input_scale", ".input_zero_point", ".output_scale", ".output_zero_point", ".k_scale", ".v_scale",
      ".activation_scale", ".input_scale_ub",
    ]
    try self.init(
      stored, deriving: derived, ignoring: names.filter { name in parts.contains { name.hasSuffix($0) } })
  }

  private static func checkNotQuantized(_ source: TensorSource, _ directory: String) throws {
    let marks = [".qweight", ".weight_packed", ".weight_scale", ".weight_scale_inv"]
    guard let part = source.tensorNames.first(where: { name in marks.contains { name.hasSuffix($0) } }) else { return }
    throw SpudError(
      .badData,
      "\(source.fileName(of: part)): tensor '\(part)' is a part of quantized weights, but \(directory)/config.json has "
        + "no 'quantization_config'")
  }
}

extension QuantizationSettings {
  /// The tensor that one of these names is the first part of; nil for one that is as it is stored, or a further part.
  fileprivate func derived(from name: String, in source: TensorSource) throws -> DerivedTensor? {
    func stem(_ part: String) -> String? { name.hasSuffix("." + part) ? String(name.dropLast(part.count)) : nil }
    switch self {
    case .float8(let blockShape): return try float8(name, in: source, blockShape)
    case .gptq(let settings): return try stem("qweight").map { try .gptq($0, in: source, settings) }
    case .awq(let groupSize): return try stem("qweight").map { try .awq($0, in: source, groupSize: groupSize) }
    case .mxfp4:
      guard name.hasSuffix("_blocks") else { return nil }
      return try .mxfp4(String(name.dropLast("_blocks".count)), in: source)
    case .compressedTensors(let settings):
      if let stem = stem("weight_packed") {
        guard let bits = settings.bits else {
          throw SpudError(
            .badData, "\(source.fileName(of: name)): tensor '\(name)' is packed, but config.json has no integers")
        }
        return try .packQuantized(stem, in: source, bits: bits, groupSize: settings.groupSize)
      }
      if let stem = stem("weight"), source[name]?.elementType == .i8 {
        return try .intQuantized(stem, in: source, groupSize: settings.groupSize)
      }
      return try float8(name, in: source, settings.blockShape)
    }
  }

  private func float8(_ name: String, in source: TensorSource, _ blockShape: [Int]?) throws -> DerivedTensor? {
    guard let tensor = source[name], [.f8e4m3, .f8e5m2].contains(tensor.elementType) else { return nil }
    let scale = [name + "_scale_inv", name + "_scale"].first { source[$0] != nil }
    return try .float8(tensor, scale: scale ?? name + "_scale", in: source, blockShape: blockShape)
  }
}
