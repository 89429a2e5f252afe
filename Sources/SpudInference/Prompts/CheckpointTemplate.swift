internal import SpudErrors
internal import SpudTensors

/// The chat template that a Hugging Face directory carries, as its text.
enum CheckpointTemplate {
  /// Templates are a few kilobytes long.
  private static let byteLimit = 1 << 20

  /// Reads the template: from a file of its own, or from `tokenizer_config.json`, there alone or one of several.
  ///
  /// - Returns: The Jinja program, or nil when there is none.
  /// - Throws: `SpudError` when a file that is there cannot be read, or (`badData`) is too long or no JSON.
  static func jinja(in directory: String) throws -> String? {
    let path = directory + "/chat_template.jinja"
    if MappedFile.exists(path) {
      let file = try MappedFile(path: path)
      guard file.byteCount <= byteLimit else {
        throw SpudError(.badData, "\(path): holds \(file.byteCount) bytes, but at most \(byteLimit) were expected")
      }
      let bytes = file.span
      return String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
    let settings = directory + "/tokenizer_config.json"
    guard MappedFile.exists(settings), let value = try JSONValue(contentsOf: settings)["chat_template"] else {
      return nil
    }
    if let text = value.string { return text }
    let named = value.array ?? []
    return (named.first { $0["name"]?.string == "default" } ?? named.first)?["template"]?.string
  }

  /// The special tokens that `tokenizer_config.json` names, such as `bos_token`.
  static func specialTokens(in directory: String) throws -> [(name: String, spelling: String)] {
    let settings = directory + "/tokenizer_config.json"
    guard MappedFile.exists(settings) else { return [] }
    let value = try JSONValue(contentsOf: settings)
    return ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"].compactMap {
      name in
      let token = value[name]
      return (token?.string ?? token?["content"]?.string).map { (name, $0) }
    }
  }
}
