internal import SpudErrors

extension TextTokenizer {
  /// Creates the tokenizer of a GGUF file whose `tokenizer.ggml.model` is `llama`: SentencePiece's byte pairs.
  ///
  /// Two neighbours merge where the vocabulary holds what they spell together, and the highest score merges first. A
  /// character that the vocabulary lacks becomes the tokens of its bytes, where it has those.
  ///
  /// Source: `bpe_model.cc` of google/sentencepiece, and `llm_tokenizer_spm` in llama.cpp's `llama-vocab.cpp`.
  ///
  /// - Throws: `SpudError` when there is not one number as a score for each token, or tokens contradict each other.
  public init(sentencePiece metadata: GGUFTokenizerMetadata, name: String) throws {
    var builder = TextTokenizerBuilder(
      name: name, tokenCount: metadata.tokens.count, mergeCount: 4 * metadata.tokens.count)
    builder.isByteLevel = false
    if metadata.addsSpacePrefix {
      builder.normalizations.append(.prepend(builder.spaceMark))
      builder.stripsLeadingSpace = true
    }
    builder.normalizations.append(.replace([UInt8(ascii: " ")], with: builder.spaceMark))
    builder.fusesUnknown = true
    try builder.addTokens(of: metadata)
    for (token, type) in zip(metadata.tokens, metadata.tokenTypes) {
      if type == 2 { builder.unknownToken = token }
      if type == 6 { builder.usesByteTokens = true }
    }
    try builder.addMerges(byScoresOf: metadata)
    self = try builder.finished()
  }
}

extension TextTokenizerBuilder {
  /// The longest token that may come of merges: finding what it comes of takes time by the square of its length.
  private static let mergedLengthLimit = 256

  /// Adds, for each token of text, all pairs of such tokens that spell it.
  fileprivate mutating func addMerges(byScoresOf metadata: GGUFTokenizerMetadata) throws {
    let (tokens, scores) = (metadata.tokens, metadata.scores)
    guard scores.count == tokens.count else {
      throw bad("tokenizer.ggml.scores has \(scores.count) entries, expected \(tokens.count), one a token")
    }
    let isText = tokens.indices.map { metadata.tokenTypes.isEmpty || metadata.tokenTypes[$0] == 1 }
    if let index = tokens.indices.first(where: { isText[$0] && scores[$0].isNaN }) {
      throw bad("the score of token \(shown(tokens[index])) is not a number")
    }
    var rank: UInt32 = 0
    var last: Float?
    for index in tokens.indices.filter({ isText[$0] }).sorted(by: { scores[$0] > scores[$1] }) {
      if let last, scores[index] < last { rank += 1 }
      last = scores[index]
      let spelling = Array(tokens[index].utf8)
      guard spelling.count <= Self.mergedLengthLimit else {
        throw bad(
          "token \(shown(tokens[index])) has \(spelling.count) bytes, expected at most \(Self.mergedLengthLimit)")
      }
      for cut in spelling.indices.dropFirst() where spelling[cut] & 0xC0 != 0x80 {
        guard let left = table.id(of: Array(spelling[..<cut])), isText[Int(left)],
          let right = table.id(of: Array(spelling[cut...])), isText[Int(right)]
        else { continue }
        merges.insert(left, right, MergeTable.Merge(rank: rank, result: Int32(index)))
      }
    }
  }
}
