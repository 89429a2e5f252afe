internal import SpudErrors
internal import SpudTensors

/// How a Hugging Face directory's matrices are quantized: its `quantization_config`.
///
/// Sources: `integrations/finegrained_fp8.py` and `integrations/mxfp4.py` of huggingface/transformers 5.23.0;
/// `pack_quantized` of compressed-tensors 0.20.1; the packing of AutoGPTQ and AutoAWQ.
enum QuantizationSettings: Equatable {
  /// 8-bit floats; `blockShape` is rows and columns of a block of one scale, nil where rows have scales.
  case float8(blockShape: [Int]?)
  case gptq(GPTQSettings)
  /// Of 4 bits; nil where all inputs of an output share a scale.
  case awq(groupSize: Int?)
  case compressedTensors(CompressedTensorsSettings)
  case mxfp4

  private static let methods = "fp8, fbgemm_fp8, gptq, awq, compressed-tensors or mxfp4"

  /// - Returns: nil where the directory says nothing about quantization.
  /// - Throws: `SpudError.badData`, naming the method or the setting, for what is not known.
  init?(directory: String) throws {
    let path = directory + "/config.json"
    let reader = try ConfigurationReader(contentsOf: path)
    if let value = reader.object["quantization_config"], !value.isNull {
      try self.init(ConfigurationReader(value, file: "\(path), quantization_config"))
      return
    }
    // GPTQ's settings had a file of their own before config.json held them.
    let old = directory + "/quantize_config.json"
    guard MappedFile.exists(old) else { return nil }
    self = .gptq(try GPTQSettings(ConfigurationReader(contentsOf: old)))
  }

  private init(_ reader: ConfigurationReader) throws {
    guard let method = reader.object["quant_method"]?.string else {
      throw SpudError(.badData, "\(reader.file): names no 'quant_method', but one of \(Self.methods) is needed")
    }
    switch method {
    case "fp8", "fbgemm_fp8":
      let shape = try reader.optionalInts("weight_block_size", in: 1...1 << 20)
      guard shape.map({ $0.count == 2 }) ?? true else {
        throw SpudError(.badData, "\(reader.file): 'weight_block_size' is not a number of rows and one of columns")
      }
      self = .float8(blockShape: shape)
    case "gptq": self = .gptq(try GPTQSettings(reader))
    case "awq": self = .awq(groupSize: try Self.awqGroupSize(reader))
    case "compressed-tensors": self = .compressedTensors(try CompressedTensorsSettings(reader))
    case "mxfp4": self = .mxfp4
    default:
      throw SpudError(
        .badData, "\(reader.file): the weights are quantized by '\(method)', but \(Self.methods) was expected")
    }
  }

  private static func awqGroupSize(_ reader: ConfigurationReader) throws -> Int? {
    let bits = try reader.int("bits", "w_bit", in: 1...16)
    guard bits == 4 else {
      throw SpudError(.badData, "\(reader.file): AWQ weights have \(bits) bits, but 4 were expected")
    }
    if let version = reader.object["version"]?.string, version.lowercased() != "gemm" {
      throw SpudError(.badData, "\(reader.file): AWQ weights are packed as '\(version)', but 'gemm' was expected")
    }
    return try reader.groupSize("group_size", "q_group_size")
  }
}

extension ConfigurationReader {
  /// Inputs that share a scale; nil for −1, which says all of them.
  func groupSize(_ keys: String...) throws -> Int? {
    for key in keys {
      guard let value = object[key], !value.isNull else { continue }
      if value.int == -1 { return nil }
      return try int(key, in: 1...1 << 24)
    }
    return nil
  }
}

extension GPTQSettings {
  fileprivate init(_ reader: ConfigurationReader) throws {
    let bits = try reader.int("bits", in: 1...16)
    guard bits == 4 || bits == 8 else {
      throw SpudError(.badData, "\(reader.file): GPTQ weights have \(bits) bits, but 4 or 8 were expected")
    }
    if let dynamic = reader.object["dynamic"]?.object, !dynamic.isEmpty {
      throw SpudError(
        .badData, "\(reader.file): 'dynamic' gives some GPTQ weights settings of their own, but all need the same")
    }
    let format = reader.object["checkpoint_format"]?.string ?? "gptq"
    guard format == "gptq" || format == "gptq_v2" else {
      throw SpudError(
        .badData, "\(reader.file): GPTQ weights are in format '\(format)', but 'gptq' or 'gptq_v2' was expected")
    }
    self.init(
      bits: bits, groupSize: try reader.groupSize("group_size"), isSymmetric: try reader.optionalBool("sym") ?? true,
      isActivationOrdered: try reader.optionalBool("desc_act") ?? false, zerosAreReduced: format == "gptq")
  }
}

/// What a `quantization_config` of compressed-tensors says about weights.
struct CompressedTensorsSettings: Equatable {
  /// Of packed integers; nil where there are none.
  var bits: Int?
  /// Inputs that share a scale, of integers; nil for all of a row.
  var groupSize: Int?
  /// Rows and columns of a block of 8-bit floats with one scale; nil where rows have scales.
  var blockShape: [Int]?

  private static let formats = ["pack-quantized", "float-quantized", "int-quantized", "naive-quantized", "dense"]

  init(_ reader: ConfigurationReader) throws {
    for key in ["sparsity_config", "transform_config"] {
      guard let value = reader.object[key]?.object, !value.isEmpty, value["format"]?.string != "dense" else { continue }
      throw SpudError(.badData, "\(reader.file): has a '\(key)', which is not supported")
    }
    try Self.check(format: reader.object["format"]?.string, file: reader.file)
    guard let groups = reader.object["config_groups"]?.object, !groups.isEmpty else {
      throw SpudError(.badData, "\(reader.file): has no 'config_groups', which say how weights are quantized")
    }
    for group in groups.members {
      let file = "\(reader.file), \(group.key)"
      let settings = try ConfigurationReader(group.value, file: file)
      try Self.check(format: settings.object["format"]?.string, file: file)
      guard let value = settings.object["weights"], !value.isNull else { continue }
      try add(ConfigurationReader(value, file: file))
    }
  }

  private static func check(format: String?, file: String) throws {
    guard let format, !formats.contains(format) else { return }
    throw SpudError(
      .badData,
      "\(file): compressed-tensors are in format '\(format)', but \(formats.joined(separator: ", ")) are supported")
  }

  private mutating func add(_ weights: ConfigurationReader) throws {
    let bits = try weights.int("num_bits", in: 1...32)
    if weights.object["type"]?.string == "float" {
      guard bits == 8 else {
        throw SpudError(.badData, "\(weights.file): weights are floats of \(bits) bits, but 8 were expected")
      }
      blockShape = try weights.optionalInts("block_structure", in: 1...1 << 20) ?? blockShape
      guard blockShape.map({ $0.count == 2 }) ?? true else {
        throw SpudError(.badData, "\(weights.file): 'block_structure' is not a number of rows and one of columns")
      }
      return
    }
    guard bits == 4 || bits == 8 else {
      throw SpudError(.badData, "\(weights.file): weights are integers of \(bits) bits, but 4 or 8 were expected")
    }
    let groupSize = try weights.groupSize("group_size")
    if let known = self.bits, known != bits || self.groupSize != groupSize {
      throw SpudError(.badData, "\(weights.file): some integers have other sizes than others, but all need the same")
    }
    (self.bits, self.groupSize) = (bits, groupSize)
  }
}
