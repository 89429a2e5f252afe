internal import SpudErrors
internal import SpudTensors

extension StreamTokenizer {
  /// The files of a unified model's directory that say how media become ids.
  public enum File {
    public static let text = "tokenizer.json"
    public static let vocabulary = "vocabulary.json"
    public static let image = "image_codec.safetensors"
    public static let audio = "audio_codec.safetensors"
  }

  /// Reads the tokenizers of a unified model.
  ///
  /// - Throws: `.noInput` when a file is missing; `.badData` naming the file, what was found and what was expected.
  public static func load(directory: String) throws -> StreamTokenizer {
    let directory = try ModelDirectory(directory)
    let vocabulary = try Vocabulary(path: directory.path(of: File.vocabulary))
    let textPath = try directory.path(of: File.text)
    var text = try TextTokenizer(path: textPath)
    try check(text, against: vocabulary, path: textPath)
    // Whatever the file calls them: what a person types never becomes a control token or a code.
    for range in [0..<vocabulary.text.lowerBound, vocabulary.text.upperBound..<Int32(vocabulary.count)] {
      try text.reserve(range)
    }
    return try StreamTokenizer(
      vocabulary: vocabulary, text: text,
      imageCodec: try ImageCodec(path: directory.path(of: File.image)),
      audioCodec: try AudioCodec(path: directory.path(of: File.audio)))
  }

  /// Both files must give every control token and the first and last code of each kind the same id.
  private static func check(_ text: TextTokenizer, against vocabulary: Vocabulary, path: String) throws(SpudError) {
    let last = Int32(vocabulary.count - 1)
    let named =
      Array(vocabulary.control) + [
        vocabulary.image.lowerBound, vocabulary.image.upperBound - 1,
        vocabulary.audio.lowerBound, vocabulary.audio.upperBound - 1, last,
      ]
    for id in named {
      guard let name = vocabulary.name(of: id) else { continue }
      let found = text.id(of: name)
      guard found == id else {
        throw SpudError(
          .badData,
          "\(path): '\(name)' has id \(found.map(String.init) ?? "none"), but vocabulary.json gives it \(id)")
      }
    }
    guard text.vocabularyCount == vocabulary.count else {
      throw SpudError(
        .badData, "\(path): has \(text.vocabularyCount) ids, but vocabulary.json has \(vocabulary.count)")
    }
  }
}
