internal import SpudErrors
package import SpudTensors

/// A model directory's tokenizer as GGUF metadata.
package enum GGUFTokenizerExport {
  /// What a model's configuration says about its tokens.
  package struct Tokens {
    /// Ids that the model has.
    package var count: Int
    /// Those that end an answer.
    package var endings: [Int32]
    package var begin: Int32?
    package var pad: Int32?

    package init(count: Int, endings: [Int32], begin: Int32?, pad: Int32?) {
      self.count = count
      self.endings = endings
      self.begin = begin
      self.pad = pad
    }
  }

  /// GGUF's kinds of tokens.
  enum Kind: Int32 {
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6
  }

  /// GGUF's keys for the tokens that end an answer.
  private static let endKeys = ["eos_token_id", "eot_token_id", "eom_token_id"]

  /// Describes the BPE of tokenizer.json, byte-level or SentencePiece's; without that file, says that there is no
  /// tokenizer, which llama.cpp accepts.
  ///
  /// - Throws: `SpudError.badData` when tokenizer.json is of another kind, or has ids that the model does not.
  package static func describe(_ directory: String, _ model: Tokens, in writer: inout GGUFWriter) throws {
    let path = try ModelDirectory(directory).path(of: "tokenizer.json")
    guard MappedFile.exists(path) else {
      writer.set("tokenizer.ggml.model", .string("no_vocab"))
      return
    }
    let json = try JSONValue(contentsOf: path)
    // What GGUF calls 'gpt2' spells bytes by GPT-2's table: another alphabet under that name would be misread.
    let isByteLevel = isByteLevel(json["pre_tokenizer"])
    guard let vocabulary = json["model"]?["vocab"]?.object, json["model"]?["type"]?.string ?? "BPE" == "BPE",
      isByteLevel || json["model"]?["byte_fallback"]?.bool == true
    else {
      throw SpudError(
        .badData,
        "\(path): is neither byte-level BPE (a pre_tokenizer with ByteLevel) nor SentencePiece's (byte_fallback), the "
          + "kinds written to GGUF")
    }
    let count = model.count
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
    if isByteLevel {
      writer.set("tokenizer.ggml.model", .string("gpt2"))
      writer.set("tokenizer.ggml.pre", .string(preTokenizer(json)))
      writer.set("tokenizer.ggml.merges", strings: merges)
    } else {
      let vocabulary = try SentencePieceVocabulary(json, tokens: tokens, kinds: kinds, merges: merges, path: path)
      kinds = vocabulary.kinds
      writer.set("tokenizer.ggml.model", .string("llama"))
      writer.set("tokenizer.ggml.scores", .array(.float32, vocabulary.scores.map { .float32($0) }))
      writer.set("tokenizer.ggml.add_space_prefix", .bool(vocabulary.addsSpacePrefix))
    }
    writer.set("tokenizer.ggml.tokens", strings: tokens)
    writer.set("tokenizer.ggml.token_type", .array(.int32, kinds.map { .int32($0.rawValue) }))
    func set(_ key: String, _ id: Int) { writer.set("tokenizer.ggml.\(key)", .uint32(UInt32(id))) }
    var ends: [Int32] = []
    for end in model.endings where !ends.contains(end) { ends.append(end) }
    guard ends.count <= endKeys.count else {
      throw SpudError(
        .badData, "\(directory): \(ends.count) tokens end an answer, but GGUF has keys for \(endKeys.count)")
    }
    for (key, end) in zip(endKeys, ends) { set(key, Int(end)) }
    if let pad = model.pad { set("padding_token_id", Int(pad)) }
    // What the tokenizer puts before a text counts: a bos_token_id of the configuration alone is put nowhere.
    if let begin = beginToken(json["post_processor"]) {
      guard let id = tokens.firstIndex(where: { $0.utf8.elementsEqual(begin.utf8) }) else {
        throw SpudError(.badData, "\(path): the template begins with '\(begin)', which is not in the vocabulary")
      }
      set("bos_token_id", id)
      writer.set("tokenizer.ggml.add_bos_token", .bool(true))
    } else {
      if let begin = model.begin { set("bos_token_id", Int(begin)) }
      writer.set("tokenizer.ggml.add_bos_token", .bool(false))
    }
  }

  private static func isByteLevel(_ step: JSONValue?) -> Bool {
    switch step?["type"]?.string {
    case "ByteLevel": true
    case "Sequence": (step?["pretokenizers"]?.array ?? []).contains { isByteLevel($0) }
    default: false
    }
  }

  /// The token that a post-processor puts before a text, as the tokenizer finds it in tokenizer.json.
  private static func beginToken(_ step: JSONValue?) -> String? {
    switch step?["type"]?.string {
    case "Sequence": (step?["processors"]?.array ?? []).lazy.compactMap { beginToken($0) }.first
    case "TemplateProcessing": step?["single"]?.array?.first?["SpecialToken"]?["id"]?.string
    default: nil
    }
  }

  /// llama.cpp's name for the pattern that splits text, told by how it treats digits.
  private static func preTokenizer(_ json: JSONValue) -> String {
    let text = String(decoding: json["pre_tokenizer"]?.serialized ?? [], as: UTF8.self)
    if text.contains("Digits") { return "smollm" }
    if text.contains("{Lu}") { return "gpt-4o" }
    if text.contains("N}{1,3}") { return "llama-bpe" }
    return text.contains("(?i:") ? "qwen2" : "gpt-2"
  }
}
