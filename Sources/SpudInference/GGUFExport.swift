package import SpudModels
internal import SpudTensors
internal import SpudTokens

/// Writes a model's directory as one GGUF file: the decoder, its tokenizer, and the form of its conversations.
package enum GGUFExport {
  /// - Parameters:
  ///   - directory: A Hugging Face directory; without tokenizer.json the file has no tokenizer.
  ///   - path: The file to write; it appears when it is complete.
  ///   - mix: Which tensor gets which type.
  ///   - importance: How much the columns of matrices count, as `Model.importance(over:)` finds; nil for all alike.
  ///   - progress: Told the fraction that is written, from 0 to 1.
  /// - Returns: The size of the file in bytes.
  /// - Throws: `SpudError`, as loading the model would, or `.io`.
  @discardableResult
  package static func write(
    from directory: String, to path: String, mix: QuantizationMix, importance: ImportanceMatrix? = nil,
    progress: ((Double) -> Void)? = nil
  ) throws -> Int {
    try ModelExport.writeGGUF(from: directory, to: path, mix: mix, importance: importance, progress: progress) {
      configuration, writer in
      let generation = configuration.generation
      try GGUFTokenizerExport.describe(
        directory,
        GGUFTokenizerExport.Tokens(
          count: configuration.vocabularyCount, endings: generation.endTokens, begin: generation.beginToken,
          pad: generation.padToken),
        in: &writer)
      // A template says how ids are made of a conversation, which without a tokenizer nothing does.
      if let template = try CheckpointTemplate.jinja(in: directory),
        try MappedFile.exists(ModelDirectory(directory).path(of: "tokenizer.json"))
      {
        writer.set("tokenizer.chat_template", .string(template))
      }
    }
  }
}
