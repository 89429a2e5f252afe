internal import SpudErrors

/// Collects what a file says of a tokenizer, and checks it, whatever the kind of file.
struct TextTokenizerBuilder {
  /// The file, as messages name it.
  let name: String
  var table: TokenTable
  var merges: MergeTable
  var addedTokens: [AddedToken] = []
  /// Whether vocabulary entries are spelt in `ByteAlphabet`; otherwise in text with `spaceMark` for a space.
  var isByteLevel = true
  var spaceMark = Array("\u{2581}".utf8)
  var usesByteTokens = false
  var unknownToken: String?
  var fusesUnknown = false
  var normalizations: [TextTokenizer.Normalization] = []
  var prefix = TextTokenizer.Prefix.none
  /// Each cuts the words of the one before; with none the text is one word.
  var preTokenizers: [PreTokenizer] = []
  var ignoresMerges = false
  var stripsLeadingSpace = false
  var beginID: Int32?
  var endID: Int32?
  private var nextRank: UInt32 = 0
  private var idsOutsideVocabulary: Set<Int32> = []

  init(name: String, tokenCount: Int, mergeCount: Int) {
    self.name = name
    table = TokenTable(minimumCapacity: tokenCount)
    merges = MergeTable(minimumCapacity: mergeCount)
  }

  func bad(_ message: String) -> SpudError { SpudError(.badData, "\(name): \(message)") }

  /// An id as the file gives it, checked.
  func checked(id: Int, of token: String) throws -> Int32 {
    guard id >= 0, id < Int(TokenTable.idLimit) else {
      throw bad("token \(shown(token)) has the id \(id), expected 0 to \(TokenTable.idLimit - 1)")
    }
    return Int32(id)
  }

  /// Adds an entry of the vocabulary.
  mutating func add(token: String, id: Int) throws {
    let id = try checked(id: id, of: token)
    switch table.insert(Array(token.utf8), id: id) {
    case .inserted: break
    case .knownSpelling: throw bad("token \(shown(token)) is in the vocabulary twice, expected once")
    case .knownID:
      let other = table.spelling(of: id).map { String(decoding: $0, as: UTF8.self) } ?? ""
      throw bad("the id \(id) belongs to \(shown(other)) and to \(shown(token)), expected one token an id")
    }
  }

  /// Adds the next merge.
  mutating func addMerge(_ left: String, _ right: String) throws {
    let rank = nextRank
    let (leftBytes, rightBytes) = (Array(left.utf8), Array(right.utf8))
    guard let leftID = table.id(of: leftBytes) else { throw unknown(left, merge: rank) }
    guard let rightID = table.id(of: rightBytes) else { throw unknown(right, merge: rank) }
    guard let id = table.id(of: leftBytes + rightBytes) else { throw unknown(left + right, merge: rank) }
    merges.insert(leftID, rightID, MergeTable.Merge(rank: rank, result: id))
    nextRank += 1
  }

  /// Adds the next merge as older files spell it, the two tokens with a space between.
  mutating func addMerge(_ pair: String) throws {
    let parts = pair.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw bad("merge \(nextRank) is \(shown(pair)), expected two tokens with a space between them")
    }
    try addMerge(String(parts[0]) ?? "", String(parts[1]) ?? "")
  }

  private func unknown(_ token: String, merge rank: UInt32) -> SpudError {
    bad("merge \(rank) names \(shown(token)), which is not in the vocabulary")
  }

  /// Adds a token that is matched as it is; it may also be an entry of the vocabulary, with the same id.
  mutating func add(_ token: AddedToken) throws {
    guard !token.content.isEmpty, token.content.utf8.count <= AddedTokenMatcher.contentLimit else {
      throw bad(
        "the added token \(token.id) has \(token.content.utf8.count) bytes, expected 1 to "
          + "\(AddedTokenMatcher.contentLimit)")
    }
    switch table.insert(Array(token.content.utf8), id: token.id) {
    case .inserted: idsOutsideVocabulary.insert(token.id)
    case .knownSpelling(let id):
      guard id == token.id else {
        throw bad("the added token \(shown(token.content)) has the id \(token.id), and \(id) in the vocabulary")
      }
    case .knownID:
      let other = table.spelling(of: token.id).map { String(decoding: $0, as: UTF8.self) } ?? ""
      throw bad(
        "the id \(token.id) belongs to \(shown(other)) and to \(shown(token.content)), expected one token an id")
    }
    addedTokens.append(token)
  }

  /// A token as messages show it: printable, and not long.
  func shown(_ token: String) -> String {
    let text = token.unicodeScalars.prefix(40).map { $0.properties.isWhitespace || $0.value < 32 ? "·" : String($0) }
    return "\"\(text.joined())\(token.unicodeScalars.count > 40 ? "…" : "")\""
  }

  /// The tokenizer, once everything is added.
  func finished() throws -> TextTokenizer {
    let special = Set(addedTokens.lazy.filter(\.isSpecial).map(\.id))
    let matched = special.union(idsOutsideVocabulary)
    let alphabet = try makeAlphabet()
    if let id = merges.results.first(where: matched.contains) {
      let token = table.spelling(of: id).map { String(decoding: $0, as: UTF8.self) } ?? ""
      throw bad("a merge makes the special token \(shown(token)), which no text may become")
    }
    var raw = AddedTokenMatcher()
    var normalized = AddedTokenMatcher()
    for var token in addedTokens {
      // A file may list a token twice, once as special: then it is.
      token.isSpecial = special.contains(token.id)
      var content = Array(token.content.utf8)
      guard token.isNormalized else {
        raw.insert(token, matching: content)
        continue
      }
      for step in normalizations { content = step.applied(to: content, content.indices) ?? content }
      normalized.insert(token, matching: content)
    }
    let (bytes, ends) = makePieces()
    return TextTokenizer(
      table: table, merges: merges, alphabet: alphabet, normalizations: normalizations, prefix: prefix,
      preTokenizers: preTokenizers, ignoresMerges: ignoresMerges, stripsLeadingSpace: stripsLeadingSpace,
      rawMatcher: raw, normalizedMatcher: normalized, specialIDs: special, matchedIDs: matched,
      pieceBytes: bytes, pieceEnds: ends, addedTokens: addedTokens, beginID: beginID, endID: endID)
  }

  private func makeAlphabet() throws -> TextTokenizer.Alphabet {
    guard isByteLevel else {
      var unknown: Int32?
      if let token = unknownToken {
        unknown = table.id(of: Array(token.utf8))
        guard unknown != nil else { throw bad("unk_token is \(shown(token)), which is not in the vocabulary") }
      }
      var bytes: [Int32]?
      if usesByteTokens {
        bytes = try (0..<256).map { byte in
          guard let id = table.id(of: Array(Self.byteToken(byte).utf8)) else {
            throw bad("byte_fallback needs the token \(Self.byteToken(byte)), which is not in the vocabulary")
          }
          return id
        }
      }
      return .characters(bytes: bytes, unknown: unknown, fusesUnknown: fusesUnknown)
    }
    let symbols = try (UInt8.min...UInt8.max).map { byte in
      if let id = table.id(of: ByteAlphabet.spelling(of: [byte])) { return id }
      // These occur in no UTF-8; a vocabulary may do without them.
      guard [0xC0, 0xC1].contains(byte) || byte >= 0xF5 else {
        throw bad("no token stands for the byte \(byte), expected one for every byte of UTF-8")
      }
      return -1
    }
    return .bytes(symbols: symbols)
  }

  /// SentencePiece's spelling of a byte, such as `<0x0A>`.
  private static func byteToken(_ byte: Int) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x\(digits.count < 2 ? "0" : "")\(digits)>"
  }

  /// What each id stands for, as bytes end to end.
  private func makePieces() -> (bytes: [UInt8], ends: [Int]) {
    let added = Set(addedTokens.lazy.map(\.id))
    var byteTokens: [[UInt8]: UInt8] = [:]
    if usesByteTokens {
      for byte in 0..<256 { byteTokens[Array(Self.byteToken(byte).utf8)] = UInt8(byte) }
    }
    var bytes: [UInt8] = []
    var ends = [0]
    ends.reserveCapacity(Int(table.idEnd) + 1)
    for id in 0..<table.idEnd {
      if let slice = table.spelling(of: id) {
        let spelling = Array(slice)
        if added.contains(id) {
          bytes.append(contentsOf: spelling)
        } else if isByteLevel {
          bytes.append(contentsOf: ByteAlphabet.bytes(of: spelling) ?? spelling)
        } else if let byte = byteTokens[spelling] {
          bytes.append(byte)
        } else {
          let space = TextTokenizer.Normalization.replace(spaceMark, with: [UInt8(ascii: " ")])
          bytes.append(contentsOf: space.applied(to: spelling, spelling.indices) ?? spelling)
        }
      }
      ends.append(bytes.count)
    }
    return (bytes, ends)
  }
}
