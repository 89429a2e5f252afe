internal import SpudTensors

extension FuzzTarget {
  /// The parts of quantized matrices in a safetensors file; its first byte says how they are taken.
  func parseQuantized(_ input: [UInt8]) throws {
    guard let form = input.first else { return }
    let file = try SafetensorsFile(MappedFile(copying: Array(input.dropFirst()), name: "input"))
    let source = try TensorSource(name: "input", [(file.file, file.tensors)])
    let derived = try source.tensorNames.compactMap { try Self.derived(from: $0, in: source, form: form) }
    let tensors = try TensorSource(source, deriving: derived)
    for name in tensors.tensorNames {
      try tensors.withBytes(of: name) { tensor, bytes in
        demand(
          tensor.elementType.byteCount(of: tensor.elementCount) == bytes.byteCount,
          "a tensor of another size than its shape"
        )
        guard ElementType.readable.contains(tensor.elementType) else { return }
        let values = try Dequantization.floats(of: bytes, tensor.elementType, name: "input")
        demand(values.count == tensor.elementCount, "as many values as elements")
      }
    }
  }

  private static func derived(from name: String, in source: TensorSource, form: UInt8) throws -> DerivedTensor? {
    func stem(_ part: String) -> String? { name.hasSuffix(part) ? String(name.dropLast(part.count)) : nil }
    let groupSize = form & 0x80 == 0 ? 32 : nil
    switch form & 7 {
    case 0...2:
      let settings = GPTQSettings(
        bits: form & 7 == 2 ? 8 : 4, groupSize: groupSize, isSymmetric: form & 0x40 == 0,
        isActivationOrdered: form & 7 == 1, zerosAreReduced: form & 0x20 == 0)
      return try stem("qweight").map { try .gptq($0, in: source, settings) }
    case 3: return try stem("qweight").map { try .awq($0, in: source, groupSize: groupSize) }
    case 4:
      return try stem("weight_packed").map {
        try .packQuantized($0, in: source, bits: form & 0x40 == 0 ? 4 : 8, groupSize: groupSize)
      }
    case 5: return try stem("weight").map { try .intQuantized($0, in: source, groupSize: groupSize) }
    case 6:
      guard let tensor = source[name], [.f8e4m3, .f8e5m2].contains(tensor.elementType) else { return nil }
      return try .float8(tensor, scale: name + "_scale", in: source, blockShape: groupSize.map { [$0, $0] })
    default: return try stem("_blocks").map { try .mxfp4($0, in: source) }
    }
  }
}
