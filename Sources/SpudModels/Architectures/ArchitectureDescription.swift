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
  /// What becomes of experts' gates and ups in GGUF files, which do not say it.
  static var ggufActivation: GatedActivation { get }
  /// Whether YaRN's range of pairs has whole numbers as its ends in GGUF files, which do not say it.
  static var ggufTruncatesYaRN: Bool { get }
  /// Whether a layer, by its number from 0, has the window that a GGUF file names for all.
  static func ggufHasWindow(_ layer: Int) -> Bool
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
  static var ggufActivation: GatedActivation { .silu }
  static var ggufTruncatesYaRN: Bool { true }
  static func ggufHasWindow(_ layer: Int) -> Bool { false }
  static var hasExperts: Bool { false }
}
