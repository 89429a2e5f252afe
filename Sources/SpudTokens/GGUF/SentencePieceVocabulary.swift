internal import SpudErrors
internal import SpudTensors

/// A tokenizer.json of the Llama 2 family as SentencePiece has it, which is how GGUF has it: no merges, but a score for
/// each token, and two neighbours merge wherever the vocabulary holds what they spell.
struct SentencePieceVocabulary {
  var kinds: [GGUFTokenizerExport.Kind]
  /// Falling with the id, as in vocabularies that SentencePiece trained.
  var scores: [Float]
  var addsSpacePrefix: Bool

  /// A token that no merge makes, though two others spell it, is made by its score all the same: an early conversion
  /// from SentencePiece left out what had the score 0 (`SentencePieceExtractor.extract` in transformers), which
  /// SentencePiece and llama.cpp do make.
  ///
  /// - Throws: `SpudError.badData` where the merges do not make tokens in the order of their ids, each from all pairs
  ///   that spell it: then scores would tokenize otherwise.
  init(_ json: JSONValue, tokens: [String], kinds: [GGUFTokenizerExport.Kind], merges: [String], path: String) throws {
    func bad(_ what: String) -> SpudError {
      SpudError(.badData, "\(path): \(what), so GGUF's scores cannot stand for its merges")
    }
    self.kinds = kinds
    let unknown = json["model"]?["unk_token"]?.string
    var ids: [[UInt8]: Int] = [:]  // of tokens of text; a dictionary of String would take equivalent spellings for one
    for (id, token) in tokens.enumerated() where kinds[id] != .unused {
      if Self.isByte(token) {
        self.kinds[id] = .byte
      } else if let unknown, token.utf8.elementsEqual(unknown.utf8) {
        self.kinds[id] = .unknown
      } else if kinds[id] == .normal {
        ids[Array(token.utf8)] = id
      }
    }
    guard self.kinds.count(where: { $0 == .byte }) == 256 else { throw bad("it has no token for every byte") }
    scores = tokens.indices.map { -Float($0) }
    var made: [Int] = []
    for merge in merges {
      let parts = merge.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map(Array.init)
      guard parts.count == 2, ids[parts[0]] != nil, ids[parts[1]] != nil, let id = ids[parts[0] + parts[1]] else {
        throw bad("the merge '\(merge)' is not of two tokens of text that make a third")
      }
      guard id >= made.last ?? 0 else { throw bad("the merge '\(merge)' is not in the order of the ids") }
      if id != made.last { made.append(id) }
    }
    let pairs = made.reduce(0) { count, id in
      let spelling = Array(tokens[id].utf8)
      return count
        + spelling.indices.dropFirst().count { cut in
          spelling[cut] & 0xC0 != 0x80 && ids[Array(spelling[..<cut])] != nil && ids[Array(spelling[cut...])] != nil
        }
    }
    guard pairs == merges.count else {
      throw bad("\(pairs) pairs of tokens spell what its \(merges.count) merges make")
    }
    addsSpacePrefix = Self.addsSpacePrefix(json["normalizer"]) || Self.addsSpacePrefix(json["pre_tokenizer"])
  }

  /// Whether a token is spelt as SentencePiece spells a byte, such as `<0x0A>`.
  private static func isByte(_ token: String) -> Bool {
    token.utf8.count == 6 && token.hasPrefix("<0x") && token.hasSuffix(">")
      && UInt8(token.dropFirst(3).dropLast(), radix: 16) != nil
  }

  private static func addsSpacePrefix(_ step: JSONValue?) -> Bool {
    switch step?["type"]?.string {
    case "Sequence": (step?["normalizers"]?.array ?? []).contains { addsSpacePrefix($0) }
    case "Prepend": true
    case "Metaspace": step?["prepend_scheme"]?.string != "never"
    default: false
    }
  }
}
