/// One tensor of a checkpoint: what each of the two formats calls it, and its shape.
package struct TensorPlan: Sendable, Equatable {
  /// Names in Hugging Face checkpoints; several where versions of a checkpoint disagree, the usual one first.
  package var names: [String]
  package var ggufName: String
  /// `[outer, …, inner]`.
  package var shape: [Int]

  init(_ names: String..., gguf: String, shape: [Int]) {
    self.names = names
    ggufName = gguf
    self.shape = shape
  }

  /// The names that a checkpoint may have it under.
  func names(in format: CheckpointFormat) -> [String] {
    switch format {
    case .huggingFace: names
    case .gguf: [ggufName]
    }
  }
}

/// A matrix, and the bias that is added to its product.
package struct ProjectionPlan: Sendable, Equatable {
  package var weight: TensorPlan  // [outputs, inputs]
  package var bias: TensorPlan?  // [outputs]

  /// - Parameters:
  ///   - name: Without `.weight` or `.bias`, as `gguf` is.
  ///   - shape: Outputs and inputs.
  init(_ name: String, gguf: String, outputs: Int, inputs: Int, isBiased: Bool) {
    weight = TensorPlan("\(name).weight", gguf: "\(gguf).weight", shape: [outputs, inputs])
    if isBiased { bias = TensorPlan("\(name).bias", gguf: "\(gguf).bias", shape: [outputs]) }
  }
}

/// The two formats in which models are distributed.
package enum CheckpointFormat: Sendable {
  /// A directory: config.json and safetensors.
  case huggingFace
  /// One file of metadata and tensors.
  case gguf
}
