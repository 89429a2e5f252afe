internal import SpudErrors
internal import SpudSchema

extension TokenConstraint {
  /// The ids that may follow, as the sampler takes them: ranges, sorted ascending.
  ///
  /// - Parameters:
  ///   - count: Ids from here on do not exist.
  ///   - others: Ids outside the text that may follow too.
  /// - Throws: `SpudError` (`badData`) where the vocabulary cannot spell what has to follow.
  func ranges(after state: State, within count: Int, and others: [Int32]) throws -> [Range<Int32>] {
    var words = mask(after: state).words
    for id in others {
      let word = Int(id) >> 6
      if word >= words.count { words += Array(repeating: 0, count: word + 1 - words.count) }
      words[word] |= 1 << UInt64(id & 63)
    }
    var ranges: [Range<Int32>] = []
    for (index, word) in words.enumerated() where word != 0 {
      var word = word
      while word != 0 {
        let low = word.trailingZeroBitCount
        let length = (~(word >> UInt64(low))).trailingZeroBitCount
        let start = Int32(index * 64 + low)
        let end = min(start + Int32(length), Int32(count))
        if start < end {
          if let last = ranges.last, last.upperBound == start {
            ranges[ranges.count - 1] = last.lowerBound..<end
          } else {
            ranges.append(start..<end)
          }
        }
        word = low + length >= 64 ? 0 : word & ~(((1 << UInt64(length)) - 1) << UInt64(low))
      }
    }
    guard !ranges.isEmpty else {
      throw SpudError(.badData, "the model's vocabulary cannot spell what the form of the answer asks for")
    }
    return ranges
  }
}
