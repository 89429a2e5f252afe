internal import SpudErrors

/// What a GGUF file's metadata says of its tokenizer, under `tokenizer.ggml.`.
public struct GGUFTokenizerMetadata: Sendable {
  /// `tokens`: the spelling of each id.
  public var tokens: [String]
  /// `merges`: two tokens with a space between, first merges first. SentencePiece's vocabularies have scores instead.
  public var merges: [String]
  /// `scores`: one for each token, the highest merging first; for SentencePiece's vocabularies.
  public var scores: [Float]
  /// `token_type`: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; one for each token, or none.
  public var tokenTypes: [Int32]
  /// `pre`: the name of the pre-tokenizer; SentencePiece's vocabularies have none.
  public var preTokenizer: String
  /// `add_space_prefix`: whether a space goes before a text; for SentencePiece's vocabularies.
  public var addsSpacePrefix: Bool
  /// `bos_token_id`, where `add_bos_token` is not false.
  public var beginID: Int32?
  /// `eos_token_id`.
  public var endID: Int32?

  public init(
    tokens: [String], merges: [String] = [], scores: [Float] = [], tokenTypes: [Int32] = [],
    preTokenizer: String = "", addsSpacePrefix: Bool = true, beginID: Int32? = nil, endID: Int32? = nil
  ) {
    self.tokens = tokens
    self.merges = merges
    self.scores = scores
    self.tokenTypes = tokenTypes
    self.preTokenizer = preTokenizer
    self.addsSpacePrefix = addsSpacePrefix
    self.beginID = beginID
    self.endID = endID
  }
}

extension TextTokenizer {
  /// Creates the tokenizer of a GGUF file whose `tokenizer.ggml.model` is `gpt2`: byte-level byte pairs.
  ///
  /// Source: ggml/docs/gguf.md and the list of pre-tokenizers in llama.cpp's `llama-vocab.cpp`.
  ///
  /// - Throws: `SpudError` for an unknown pre-tokenizer, or tokens and merges that contradict each other.
  public init(gguf metadata: GGUFTokenizerMetadata, name: String) throws {
    var builder = TextTokenizerBuilder(
      name: name, tokenCount: metadata.tokens.count, mergeCount: metadata.merges.count)
    switch metadata.preTokenizer {
    case "gpt-2", "gpt2", "olmo": builder.preTokenizers = [.gpt2]
    case "qwen2":
      builder.preTokenizers = [.caseless(maximumDigits: 1)]
      builder.normalizations = [.form(.composition)]
    case "starcoder", "smollm", "refact", "command-r", "codeshell":
      builder.preTokenizers = [.digits(individual: true), .gpt2]
    case "llama-bpe", "llama3", "llama-v3":
      builder.preTokenizers = [.caseless(maximumDigits: 3)]
      builder.ignoresMerges = true
    case "gpt-4o", "llama4": builder.preTokenizers = [.cased]
    default:
      throw builder.bad(
        "tokenizer.ggml.pre is \(builder.shown(metadata.preTokenizer)), "
          + "expected gpt-2, olmo, qwen2, llama-bpe, gpt-4o, starcoder or smollm")
    }
    try builder.addTokens(of: metadata)
    for merge in metadata.merges { try builder.addMerge(merge) }
    self = try builder.finished()
  }
}

extension TextTokenizerBuilder {
  /// Adds the tokens of a GGUF file, each as its type says, and those that begin and end a text.
  mutating func addTokens(of metadata: GGUFTokenizerMetadata) throws {
    let tokens = metadata.tokens
    guard metadata.tokenTypes.isEmpty || metadata.tokenTypes.count == tokens.count else {
      throw bad(
        "tokenizer.ggml.token_type has \(metadata.tokenTypes.count) entries, expected \(tokens.count), one a token")
    }
    // Control and user-defined tokens are matched as they are; padding of the vocabulary is never made from text.
    var matched: [AddedToken] = []
    for (index, token) in tokens.enumerated() {
      let type = metadata.tokenTypes.isEmpty ? 1 : metadata.tokenTypes[index]
      let id = try checked(id: index, of: token)
      switch type {
      case 3, 4:
        var added = AddedToken(id: id, content: token)
        added.isSpecial = type == 3
        matched.append(added)
      case 1, 2, 5, 6: try add(token: token, id: index)
      default:
        throw bad("token \(shown(token)) has the type \(type), expected 1 to 6")
      }
    }
    for token in matched { try add(token) }
    for (key, id) in [("bos_token_id", metadata.beginID), ("eos_token_id", metadata.endID)] {
      if let id, table.spelling(of: id) == nil {
        throw bad("tokenizer.ggml.\(key) is \(id), expected 0 to \(tokens.count - 1)")
      }
    }
    beginID = metadata.beginID
    endID = metadata.endID
  }
}
