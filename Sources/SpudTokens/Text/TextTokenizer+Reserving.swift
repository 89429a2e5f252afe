internal import SpudErrors

extension TextTokenizer {
  /// Makes the tokens of a range special, whatever the file calls them: text never becomes one of them unless
  /// the caller allows it.
  ///
  /// - Throws: `SpudError` when merging makes one of them, so that they cannot be kept from text.
  public mutating func reserve(_ range: Range<Int32>) throws {
    let made: [Int32]
    switch alphabet {
    case .bytes(let symbols): made = symbols
    case .characters(let bytes, let unknown, _): made = (bytes ?? []) + (unknown.map { [$0] } ?? [])
    }
    if let id = made.first(where: range.contains) ?? merges.results.first(where: range.contains) {
      throw SpudError(
        .badData, "the tokenizer makes the token \(id) from text, but \(range) is reserved for control and media")
    }
    let known = range.clamped(to: 0..<Int32(vocabularyCount))
    specialIDs.formUnion(known)
    matchedIDs.formUnion(known)
    for index in addedTokens.indices where range.contains(addedTokens[index].id) { addedTokens[index].isSpecial = true }
    rawMatcher.makeSpecial(range)
    normalizedMatcher.makeSpecial(range)
  }
}
