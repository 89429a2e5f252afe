internal import SpudErrors
internal import SpudTensors

/// A checkpoint's settings, whichever of the two formats says them: every question names both keys.
///
/// A key that is missing or null is absent; a key that is there must have the right type and lie in its range.
enum Settings {
  /// config.json.
  case huggingFace(ConfigurationReader)
  /// Metadata, whose keys begin with `name`, the architecture's.
  case gguf(GGUFSettings, name: String)

  var format: CheckpointFormat {
    switch self {
    case .huggingFace: .huggingFace
    case .gguf: .gguf
    }
  }

  /// The file, for errors.
  var file: String {
    switch self {
    case .huggingFace(let reader): reader.file
    case .gguf(let reader, _): reader.file
    }
  }

  /// - Parameters:
  ///   - keys: Of config.json; versions spell some differently, and the first that is there counts.
  ///   - gguf: Without the architecture's name; nil where GGUF has no such key.
  func optionalInt(_ keys: String..., gguf: String?, in range: ClosedRange<Int>) throws -> Int? {
    switch self {
    case .huggingFace(let reader):
      for key in keys {
        if let value = try reader.optionalInt(key, in: range) { return value }
      }
      return nil
    case .gguf(let reader, let name):
      return try gguf.flatMap { try reader.optionalInt("\(name).\($0)", in: range) }
    }
  }

  func int(_ keys: String..., gguf: String, in range: ClosedRange<Int>) throws -> Int {
    switch self {
    case .huggingFace(let reader): try reader.int(keys, in: range)
    case .gguf(let reader, let name): try reader.int("\(name).\(gguf)", in: range)
    }
  }

  func optionalDouble(_ key: String, gguf: String?, in range: ClosedRange<Double>) throws -> Double? {
    switch self {
    case .huggingFace(let reader): try reader.optionalDouble(key, in: range)
    case .gguf(let reader, let name): try gguf.flatMap { try reader.optionalDouble("\(name).\($0)", in: range) }
    }
  }

  func optionalBool(_ key: String, gguf: String?) throws -> Bool? {
    switch self {
    case .huggingFace(let reader): try reader.optionalBool(key)
    case .gguf(let reader, let name): try gguf.flatMap { try reader.optionalBool("\(name).\($0)") }
    }
  }

  /// A list of integers of config.json; GGUF reads off its tensors what such lists say.
  func optionalInts(_ key: String, in range: ClosedRange<Int>) throws -> [Int]? {
    switch self {
    case .huggingFace(let reader): try reader.optionalInts(key, in: range)
    case .gguf: nil
    }
  }

  /// The width of an expert. GGUF files of models without dense layers may say it by the key of a dense layer's width.
  func expertWidth(_ key: String) throws -> Int {
    let range = ModelConfiguration.Limits.feedForwardWidth
    return try optionalInt(gguf: "expert_feed_forward_length", in: range)
      ?? int(key, gguf: "feed_forward_length", in: range)
  }

  /// Whether config.json says that matrices are quantized; GGUF says it of each tensor.
  var isQuantized: Bool {
    switch self {
    case .huggingFace(let reader): reader.has("quantization_config")
    case .gguf: false
    }
  }

  /// Whether a GGUF file holds a tensor. Its metadata leave open which parts are there: the tensors say it.
  func hasTensor(gguf name: String) -> Bool {
    switch self {
    case .huggingFace: false
    case .gguf(let reader, _): reader.shape(of: name) != nil
    }
  }

  /// Which projections of attention have biases: in config.json `key` says all or none, in GGUF the tensors do.
  func attentionBiases(_ key: String, byDefault: Bool = false) throws -> DecoderPlan.Biases {
    switch self {
    case .huggingFace(let reader): try reader.optionalBool(key) ?? byDefault ? .all : .none
    case .gguf(let reader, _):
      if reader.shape(of: "blk.0.attn_output.bias") != nil {
        .all
      } else {
        reader.shape(of: "blk.0.attn_q.bias") != nil ? .queryKeyValue : .none
      }
    }
  }
}
