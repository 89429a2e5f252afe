internal import SpudErrors
internal import SpudTensors

/// A model directory's tokenizer as GGUF metadata.
enum GGUFTokenizerExport {
  /// GGUF's kinds of tokens.
  private enum Kind: Int32 {
    case normal = 1
    case control = 3
    case userDefined = 4
    case unused = 5
  }

  /// Describes byte-level BPE of tokenizer.json; without that file, says that there is no tokenizer, which llama.cpp accepts.
  ///
  /// - Throws: `SpudError.badData` when tokenizer.json has ids that the model does not.
  static func describe(_ directory: String, _ configuration: ModelConfiguration, in writer: inout GGUFWriter) throws {
    let path = directory + "/tokenizer.json"
    let json = MappedFile.exists(path) ? try JSONValue(contentsOf: path) : JSONValue.null
    guard
      let vocabulary = json["model"]?["vocab"]?.object, json["model"]?["type"]?.string ?? "BPE" == "BPE"
    else {
      writer.set("tokenizer.ggml.model", .string("no_vocab"))
      return
    }
    let count = configuration.vocabularyCount
    var tokens = (0..<count).map { "[PAD\($0)]" }
    var kinds = [Kind](repeating: .unused, count: count)
    func place(_ id: Int?, _ text: String, _ kind: Kind) throws {
      guard let id, tokens.indices.contains(id) else {
        throw SpudError(.badData, "\(path): token '\(text)' has an id that is not among the model's 0 to \(count - 1)")
      }
      tokens[id] = text
      kinds[id] = kind
    }
    for member in vocabulary.members { try place(member.value.int, member.key, .normal) }
    for added in json["added_tokens"]?.array ?? [] {
      let isSpecial = added["special"]?.bool ?? false
      try place(added["id"]?.int, added["content"]?.string ?? "", isSpecial ? .control : .userDefined)
    }
    let merges = (json["model"]?["merges"]?.array ?? []).map { merge in
      merge.string ?? (merge.array ?? []).compactMap(\.string).joined(separator: " ")
    }
    writer.set("tokenizer.ggml.model", .string("gpt2"))
    writer.set("tokenizer.ggml.pre", .string(preTokenizer(json)))
    writer.set("tokenizer.ggml.tokens", strings: tokens)
    writer.set("tokenizer.ggml.token_type", .array(.int32, kinds.map { .int32($0.rawValue) }))
    writer.set("tokenizer.ggml.merges", strings: merges)
    let generation = configuration.generation
    if let end = generation.endTokens.first { writer.set("tokenizer.ggml.eos_token_id", .uint32(UInt32(end))) }
    if let begin = generation.beginToken { writer.set("tokenizer.ggml.bos_token_id", .uint32(UInt32(begin))) }
    if let pad = generation.padToken { writer.set("tokenizer.ggml.padding_token_id", .uint32(UInt32(pad))) }
    writer.set("tokenizer.ggml.add_bos_token", .bool(false))
  }

  /// llama.cpp's name for the pattern that splits text, told by how it treats digits.
  private static func preTokenizer(_ json: JSONValue) -> String {
    let text = String(decoding: json["pre_tokenizer"]?.serialized ?? [], as: UTF8.self)
    if text.contains("N}{1,3}") { return "llama-bpe" }
    return text.contains("(?i:") ? "qwen2" : "gpt-2"
  }
}
