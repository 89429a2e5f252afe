internal import SpudErrors

/// How text is cut into words before byte pairs are merged: no merge crosses a cut. A tokenizer may cut in several
/// steps, each within the words of the one before.
///
/// The first three are the regular expression that its tokenizers state, read here by one pass over the bytes: a
/// character is looked at no more than three times, whatever the text. A backtracking engine is not linear on these
/// patterns, and a recursive one overflows its stack on a long run of one class.
enum PreTokenizer: Sendable, Equatable {
  /// GPT-2's, also of OLMoE and GPT-NeoX.
  case gpt2
  /// Qwen2's and Qwen3's when `maximumDigits` is 1, Llama 3's when it is 3.
  case caseless(maximumDigits: Int)
  /// That of o200k_base, also of gpt-oss: a word goes from capitals to small letters and takes its contraction along.
  case cased
  /// Each digit is a word, or each run of digits, and so is what is between.
  case digits(individual: Bool)
  /// Each punctuation mark is a word, or each run of them, and so is what is between.
  case punctuation(individual: Bool)
  /// Runs without white space; white space is left out.
  case whitespaceSplit
  /// `\w+|[^\w\s]+`; white space is left out.
  case whitespace

  static let gpt2Pattern = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  static let qwen2Pattern =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"#
    + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  static let llama3Pattern =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"#
    + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  static let o200kPattern =
    #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"#
    + #"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#
    + #"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"#
    + #"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// The scanner of a pattern as a tokenizer.json spells it.
  init(pattern: String, in name: String) throws {
    switch pattern {
    case Self.gpt2Pattern: self = .gpt2
    case Self.qwen2Pattern: self = .caseless(maximumDigits: 1)
    case Self.llama3Pattern: self = .caseless(maximumDigits: 3)
    case Self.o200kPattern: self = .cased
    default:
      throw SpudError(
        .badData,
        "\(name): the pre-tokenizer splits by the pattern \(pattern.prefix(200)), expected that of GPT-2 "
          + "(\(Self.gpt2Pattern)), Qwen2 (\(Self.qwen2Pattern)), Llama 3 (\(Self.llama3Pattern)) or o200k_base "
          + "(\(Self.o200kPattern))")
    }
  }

  /// The end of the word that starts at `start`, which must be before `end`.
  func endOfWord(in bytes: [UInt8], from start: Int, to end: Int, classes: UnicodeClasses) -> Int {
    let cursor = WordCursor(bytes: bytes, end: end, classes: classes)
    switch self {
    case .gpt2: return cursor.gpt2Word(from: start)
    case .caseless(let maximumDigits): return cursor.caselessWord(from: start, maximumDigits: maximumDigits)
    case .cased: return cursor.casedWord(from: start)
    case .digits(let individual):
      return cursor.endOfCut(from: start, individual: individual) { classes[$0].contains(.numeral) }
    case .punctuation(let individual):
      return cursor.endOfCut(from: start, individual: individual) { classes[$0].contains(.punctuation) }
    case .whitespaceSplit: return cursor.endOfCut(from: start, individual: false) { classes[$0].contains(.space) }
    case .whitespace: return cursor.endOfAlike(from: start) { classes[$0].intersection([.space, .word]) }
    }
  }

  /// Whether the word that starts at `start` is left out of the text.
  func leavesOut(_ bytes: [UInt8], from start: Int, to end: Int, classes: UnicodeClasses) -> Bool {
    guard self == .whitespaceSplit || self == .whitespace else { return false }
    return classes[bytes.scalar(at: start, before: end).value].contains(.space)
  }
}

/// The patterns, over bytes; a byte that is not UTF-8 counts as a character of no class.
private struct WordCursor {
  let bytes: [UInt8]
  let end: Int
  let classes: UnicodeClasses

  /// The alternatives of the patterns that a character can begin.
  enum Kind { case letter, number, space, other }

  struct Character {
    var kind: Kind
    var end: Int
  }

  @inline(__always)
  func character(at index: Int) -> Character? {
    guard index < end else { return nil }
    let decoded = bytes.scalar(at: index, before: end)
    let set = classes[decoded.value]
    let kind: Kind =
      set.contains(.letter) ? .letter : set.contains(.number) ? .number : set.contains(.space) ? .space : .other
    return Character(kind: kind, end: index + decoded.length)
  }

  /// The end of the run of characters that `alike` gives the same as the first.
  @inline(__always)
  func endOfAlike<Trait: Equatable>(from start: Int, _ alike: (UInt32) -> Trait) -> Int {
    let first = bytes.scalar(at: start, before: end)
    let trait = alike(first.value)
    var index = start + first.length
    while index < end {
      let next = bytes.scalar(at: index, before: end)
      guard alike(next.value) == trait else { break }
      index += next.length
    }
    return index
  }

  /// The end of the first character, where it is one to cut at and these are words one by one; or else of the run of
  /// characters that are to be cut at, or are not.
  @inline(__always)
  func endOfCut(from start: Int, individual: Bool, _ isCut: (UInt32) -> Bool) -> Int {
    let first = bytes.scalar(at: start, before: end)
    return individual && isCut(first.value) ? start + first.length : endOfAlike(from: start, isCut)
  }

  /// The end of the run of `kind` from `index`, of at most `limit` characters.
  func endOfRun(of kind: Kind, from index: Int, limit: Int = .max) -> Int {
    var index = index
    var count = 0
    while count < limit, let next = character(at: index), next.kind == kind {
      index = next.end
      count += 1
    }
    return index
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  func gpt2Word(from start: Int) -> Int {
    if let end = endOfContraction(from: start, ignoringCase: false) { return end }
    guard let first = character(at: start) else { return end }
    if first.kind != .space { return endOfRun(of: first.kind, from: first.end) }
    if bytes[start] == UInt8(ascii: " "), let second = character(at: first.end), second.kind != .space {
      return endOfRun(of: second.kind, from: second.end)
    }
    return endOfSpaces(from: start)
  }

  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*`, then
  /// `|\s*[\r\n]+|\s+(?!\S)|\s+`
  func caselessWord(from start: Int, maximumDigits: Int) -> Int {
    if let end = endOfContraction(from: start, ignoringCase: true) { return end }
    guard let first = character(at: start) else { return end }
    switch first.kind {
    case .letter: return endOfRun(of: .letter, from: first.end)
    case .number: return endOfRun(of: .number, from: first.end, limit: maximumDigits - 1)
    case .space, .other: break
    }
    let second = character(at: first.end)
    if second?.kind == .letter, !isLineBreak(start) { return endOfRun(of: .letter, from: first.end) }
    if first.kind == .other { return endOfLineBreaks(from: endOfRun(of: .other, from: first.end)) }
    if bytes[start] == UInt8(ascii: " "), second?.kind == .other {
      return endOfLineBreaks(from: endOfRun(of: .other, from: first.end))
    }
    return endOfLastLineBreak(from: start) ?? endOfSpaces(from: start)
  }

  /// `P?U*L+C?|P?U+L*C?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`, where P is what is no letter,
  /// number or line break, U are capitals, L small letters, both also letters without case and marks, and C is a
  /// contraction.
  func casedWord(from start: Int) -> Int {
    guard let first = character(at: start) else { return end }
    let begins = first.kind == .letter || first.kind == .number || isLineBreak(start) ? [start] : [first.end, start]
    for isCapital in [false, true] {
      for begin in begins {
        guard let end = endOfLetters(from: begin, areCapitals: isCapital) else { continue }
        return end < self.end ? endOfContraction(from: end, ignoringCase: true) ?? end : end
      }
    }
    if first.kind == .number { return endOfRun(of: .number, from: first.end, limit: 2) }
    if first.kind == .other { return endOfLineBreaks(from: endOfRun(of: .other, from: first.end), orSlashes: true) }
    if bytes[start] == UInt8(ascii: " "), character(at: first.end)?.kind == .other {
      return endOfLineBreaks(from: endOfRun(of: .other, from: first.end), orSlashes: true)
    }
    return endOfLastLineBreak(from: start) ?? endOfSpaces(from: start)
  }

  /// The end of U*L+, or with `areCapitals` of U+L*; nil where there is none.
  private func endOfLetters(from start: Int, areCapitals: Bool) -> Int? {
    var index = start
    var last: Int?  // the end of the last that may be small too
    while index < end {
      let next = bytes.scalar(at: index, before: end)
      let set = classes[next.value]
      guard set.contains(.mark) || set.contains(.letter) && !set.contains(.lowercase) else { break }
      index += next.length
      if areCapitals || !set.contains(.uppercase) { last = index }
    }
    let capitals = index
    while index < end {
      let next = bytes.scalar(at: index, before: end)
      let set = classes[next.value]
      guard set.contains(.mark) || set.contains(.letter) && !set.contains(.uppercase) else { break }
      index += next.length
    }
    if areCapitals { return capitals > start ? index : nil }
    return index > capitals ? index : last
  }

  /// `\s+(?!\S)|\s+`: all of a run at the end of the text, all but its last character elsewhere, but never nothing.
  private func endOfSpaces(from start: Int) -> Int {
    var index = start
    var last = start
    while let next = character(at: index), next.kind == .space {
      last = index
      index = next.end
    }
    return index == end || last == start ? index : last
  }

  /// `\s*[\r\n]+`: up to and with the last line break of the run, if there is one.
  private func endOfLastLineBreak(from start: Int) -> Int? {
    var index = start
    var found: Int?
    while let next = character(at: index), next.kind == .space {
      if isLineBreak(index) { found = next.end }
      index = next.end
    }
    return found
  }

  private func isLineBreak(_ index: Int) -> Bool {
    bytes[index] == UInt8(ascii: "\r") || bytes[index] == UInt8(ascii: "\n")
  }

  private func endOfLineBreaks(from index: Int, orSlashes: Bool = false) -> Int {
    var index = index
    while index < end, isLineBreak(index) || orSlashes && bytes[index] == UInt8(ascii: "/") { index += 1 }
    return index
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d`
  private func endOfContraction(from start: Int, ignoringCase: Bool) -> Int? {
    guard bytes[start] == UInt8(ascii: "'"), start + 1 < end else { return nil }
    let fold: UInt8 = ignoringCase ? 0x20 : 0
    let first = bytes[start + 1]
    switch first | fold {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    default: break
    }
    guard start + 2 < end else { return nil }
    let second = bytes[start + 2]
    switch (first | fold, second | fold) {
    case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
      (UInt8(ascii: "l"), UInt8(ascii: "l")):
      return start + 3
    default: break
    }
    // U+017F, the long s, is another case of s.
    return ignoringCase && first == 0xC5 && second == 0xBF ? start + 3 : nil
  }
}
