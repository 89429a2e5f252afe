internal import SpudKernels

/// What one architecture is: how GGUF calls it, and the plan that it makes of a checkpoint's settings.
protocol ArchitectureDescription {
  /// `general.architecture` in GGUF.
  static var ggufName: String { get }
  /// GGUF's key for the width of an expert, without the architecture's name.
  static var ggufExpertWidth: String { get }
  /// Which values of a head turn together in GGUF files. Those of `adjacent` have the rows of queries and keys
  /// reordered; in Hugging Face checkpoints halves turn together always.
  static var ggufPairing: RotaryTable.Pairing { get }
  /// Whether any layer has experts: it tells apart two architectures that share a name in GGUF.
  static var hasExperts: Bool { get }

  /// Reads the settings, of either format, and plans the layers.
  ///
  /// - Throws: `SpudError.badData`, naming the key, its value and what may stand there.
  static func configuration(_ settings: Settings) throws -> ModelConfiguration
}

extension ArchitectureDescription {
  static var ggufExpertWidth: String { "expert_feed_forward_length" }
  static var ggufPairing: RotaryTable.Pairing { .halves }
  static var hasExperts: Bool { false }
}
