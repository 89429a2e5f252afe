/// Text to ids and back: byte-level byte-pair encoding, with the ids of the `tokenizers` package.
///
/// What a model directory's `tokenizer.json` states is followed, except that no token is added that the text does not
/// hold: `beginID` and `endID` are the caller's to place.
public struct TextTokenizer: Sendable {
  /// How words become symbols before merging.
  enum Alphabet: Sendable {
    /// Each byte is a symbol: `symbols[byte]`, negative for a byte that only malformed text holds and that has none.
    case bytes(symbols: [Int32])
    /// Each character is a symbol; one without a token becomes its bytes' tokens, or the unknown token.
    case characters(bytes: [Int32]?, unknown: Int32?, fusesUnknown: Bool)
  }

  /// A change to the text before it is cut into words.
  enum Normalization: Sendable, Equatable {
    case form(NormalForm)
    /// Each character's lower case, whatever stands beside it.
    case lowercase
    /// Without combining accents.
    case accentStripping
    /// Without white space at the ends.
    case trim(left: Bool, right: Bool)
    case prepend([UInt8])
    case replace([UInt8], with: [UInt8])
  }

  /// Puts a space before a stretch of text that does not begin with one.
  enum Prefix: Sendable, Equatable {
    case none
    case everywhere([UInt8])
    case firstOnly([UInt8])
  }

  let table: TokenTable
  let merges: MergeTable
  let alphabet: Alphabet
  let normalizations: [Normalization]
  let prefix: Prefix
  let preTokenizers: [PreTokenizer]
  /// A word that is a token as a whole is that token, whatever the merges would make of it.
  let ignoresMerges: Bool
  /// The decoded text loses one leading space, which encoding had put there.
  let stripsLeadingSpace: Bool
  var rawMatcher: AddedTokenMatcher
  var normalizedMatcher: AddedTokenMatcher
  var specialIDs: Set<Int32>
  /// Tokens that only an `AddedTokenMatcher` makes: merging never does.
  var matchedIDs: Set<Int32>
  let pieceBytes: [UInt8]
  let pieceEnds: [Int]  // [vocabularyCount + 1]

  /// The tokens outside the merges, in the order of the file.
  public internal(set) var addedTokens: [AddedToken]
  /// The token that the file's template puts before a text, if it has one.
  public let beginID: Int32?
  /// The token that the file's template puts after a text, if it has one.
  public let endID: Int32?

  /// The token that stands for a character the vocabulary cannot spell; byte-level vocabularies need none.
  public var unknownID: Int32? {
    if case .characters(_, let unknown, _) = alphabet { unknown } else { nil }
  }

  /// One more than the highest id.
  public var vocabularyCount: Int { pieceEnds.count - 1 }

  /// The ids of a text.
  ///
  /// - Parameters:
  ///   - text: any text.
  ///   - allowSpecial: Whether text that spells a special token becomes that token. Only for text that a program wrote:
  ///     by default what a person typed never controls the model, whatever it spells.
  /// - Complexity: O(n log n) for a text without white space, nearer to O(n) for others.
  public func encode(_ text: String, allowSpecial: Bool = false) -> [Int32] {
    encode(utf8: Array(text.utf8), allowSpecial: allowSpecial)
  }

  /// The ids of a text given as bytes; bytes that are not UTF-8 are kept, as characters of no class.
  public func encode(utf8 bytes: [UInt8], allowSpecial: Bool = false) -> [Int32] {
    var encoder = TextEncoder(tokenizer: self, special: allowSpecial ? .everywhere : .nowhere)
    encoder.append(bytes)
    return encoder.ids
  }

  /// The ids of a text of which only some stretches may hold special tokens: those that a program wrote.
  ///
  /// Words may reach over the borders of stretches, so that ids are those of the whole text; a special token has to lie
  /// within a single stretch.
  ///
  /// - Parameters:
  ///   - bytes: The whole text.
  ///   - stretches: Sorted ascending, without overlaps.
  package func encode(utf8 bytes: [UInt8], allowingSpecialIn stretches: [Range<Int>]) -> [Int32] {
    var encoder = TextEncoder(tokenizer: self, special: .within(stretches))
    encoder.append(bytes)
    return encoder.ids
  }

  /// The bytes of a sequence of ids; ids out of range, or without a token, stand for nothing.
  ///
  /// A character can be spread over several ids: use `StreamingDecoder` to print pieces as they come.
  public func decode(_ ids: some Sequence<Int32>) -> [UInt8] {
    var bytes: [UInt8] = []
    for id in ids { bytes.append(contentsOf: piece(of: id)) }
    if stripsLeadingSpace, bytes.first == UInt8(ascii: " ") { bytes.removeFirst() }
    return bytes
  }

  /// The text of a sequence of ids, with U+FFFD for what is not UTF-8.
  public func decodeText(_ ids: some Sequence<Int32>) -> String {
    String(decoding: decode(ids), as: UTF8.self)
  }

  /// The bytes that one id stands for; none for an id without a token.
  public func piece(of id: Int32) -> ArraySlice<UInt8> {
    guard id >= 0, id < vocabularyCount else { return [] }
    return pieceBytes[pieceEnds[Int(id)]..<pieceEnds[Int(id) + 1]]
  }

  /// The id of a token by its spelling in the file, such as `<|im_end|>`; of added tokens and all others.
  public func id(of spelling: String) -> Int32? {
    table.id(of: Array(spelling.utf8))
  }

  /// Whether an id is that of a special token.
  public func isSpecial(_ id: Int32) -> Bool { specialIDs.contains(id) }
}

/// One text on its way to ids.
private struct TextEncoder {
  let tokenizer: TextTokenizer
  let special: AddedTokenMatcher.SpecialTokens
  var ids: [Int32] = []
  private var merger = BytePairMerger()
  private var isAtStart = true

  init(tokenizer: TextTokenizer, special: AddedTokenMatcher.SpecialTokens) {
    self.tokenizer = tokenizer
    self.special = special
  }

  mutating func append(_ bytes: [UInt8]) {
    let pieces = tokenizer.rawMatcher.pieces(of: bytes, bytes.indices, special: special)
    for piece in pieces {
      switch piece {
      case .token(let id): ids.append(id)
      case .text(let range):
        isAtStart = range.lowerBound == 0
        appendRaw(bytes, range)
      }
    }
  }

  /// Normalizes a stretch of text, and looks for the added tokens that match normalized text.
  private mutating func appendRaw(_ bytes: [UInt8], _ range: Range<Int>) {
    // Normalization moves bytes, so that a stretch of a program's text is known only as a whole.
    let special: AddedTokenMatcher.SpecialTokens = special.holds(in: range) ? .everywhere : .nowhere
    var bytes = bytes
    var range = range
    for step in tokenizer.normalizations {
      if let changed = step.applied(to: bytes, range) {
        bytes = changed
        range = changed.indices
      }
    }
    let matcher = tokenizer.normalizedMatcher
    for piece in matcher.pieces(of: bytes, range, special: special) {
      switch piece {
      case .token(let id): ids.append(id)
      case .text(let part):
        isAtStart = isAtStart && part.lowerBound == range.lowerBound
        appendNormalized(bytes, part)
      }
    }
  }

  /// Cuts normalized text into words.
  private mutating func appendNormalized(_ bytes: [UInt8], _ range: Range<Int>) {
    var bytes = bytes
    var range = range
    switch tokenizer.prefix {
    case .everywhere(let prefix), .firstOnly(let prefix):
      if tokenizer.prefix == .firstOnly(prefix), !isAtStart { break }
      if bytes[range].starts(with: prefix) { break }
      bytes = prefix + bytes[range]
      range = bytes.indices
    case .none: break
    }
    appendWords(bytes, range, step: 0)
  }

  /// Cuts a stretch of text by one of the pre-tokenizers, and each of its words by the next.
  private mutating func appendWords(_ bytes: [UInt8], _ range: Range<Int>, step: Int) {
    guard step < tokenizer.preTokenizers.count else { return appendWord(bytes, range) }
    let preTokenizer = tokenizer.preTokenizers[step]
    let classes = UnicodeClasses.shared
    var start = range.lowerBound
    while start < range.upperBound {
      let end = preTokenizer.endOfWord(in: bytes, from: start, to: range.upperBound, classes: classes)
      if !preTokenizer.leavesOut(bytes, from: start, to: end, classes: classes) {
        appendWords(bytes, start..<end, step: step + 1)
      }
      start = end
    }
  }

  private mutating func appendWord(_ bytes: [UInt8], _ range: Range<Int>) {
    if tokenizer.ignoresMerges, let id = tokenizer.wholeWord(bytes[range]) {
      ids.append(id)
      return
    }
    merger.removeAll()
    switch tokenizer.alphabet {
    case .bytes(let symbols):
      for index in range {
        let symbol = symbols[Int(bytes[index])]
        if symbol >= 0 {
          merger.append(symbol)
        } else {
          // U+FFFD, whose bytes every vocabulary has.
          for byte: UInt8 in [0xEF, 0xBF, 0xBD] { merger.append(symbols[Int(byte)]) }
        }
      }
    case .characters(let byteTokens, let unknown, let fuses):
      appendCharacters(bytes, range, byteTokens, unknown, fuses)
    }
    merger.merge(with: tokenizer.merges, into: &ids)
  }

  private mutating func appendCharacters(
    _ bytes: [UInt8], _ range: Range<Int>, _ byteTokens: [Int32]?, _ unknown: Int32?, _ fusesUnknown: Bool
  ) {
    var index = range.lowerBound
    var isAfterUnknown = false
    while index < range.upperBound {
      let end = index + bytes.scalar(at: index, before: range.upperBound).length
      if let id = tokenizer.wholeWord(bytes[index..<end]) {
        merger.append(id)
        isAfterUnknown = false
      } else if let byteTokens {
        for byte in bytes[index..<end] { merger.append(byteTokens[Int(byte)]) }
        isAfterUnknown = false
      } else if let unknown, !(fusesUnknown && isAfterUnknown) {
        merger.append(unknown)
        isAfterUnknown = true
      }
      index = end
    }
  }
}

extension TextTokenizer {
  /// The token that a word, or a character, is as a whole.
  fileprivate func wholeWord(_ word: ArraySlice<UInt8>) -> Int32? {
    let spelling: [UInt8]
    switch alphabet {
    case .bytes: spelling = ByteAlphabet.spelling(of: word)
    case .characters: spelling = Array(word)
    }
    guard let id = table.id(of: spelling), !matchedIDs.contains(id) else { return nil }
    return id
  }
}
