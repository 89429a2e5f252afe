/// Answers compared with what was expected.
package enum TextMetrics {
  /// `text` in the form that answers are compared in: lower case, words apart by one space, no punctuation at the ends
  /// of words.
  ///
  /// Signs inside a word stay (`-5`, `3.5`), because they are part of an answer.
  package static func normalized(_ text: String) -> String {
    words(text).joined(separator: " ")
  }

  /// The words of `text`, normalized.
  package static func words(_ text: String) -> [String] {
    text.lowercased()
      .split(whereSeparator: \.isWhitespace)
      .map { word in
        var trimmed = word[...]
        while let last = trimmed.last, isEdge(last) { trimmed.removeLast() }
        while let first = trimmed.first, isEdge(first), !isSign(first, before: trimmed.dropFirst().first) {
          trimmed.removeFirst()
        }
        return String(trimmed)
      }
      .filter { !$0.isEmpty }
  }

  /// Whether `text` is one of the accepted answers, both normalized.
  package static func matches(_ text: String, accept: [String]) -> Bool {
    let answer = normalized(text)
    return accept.contains { normalized($0) == answer }
  }

  /// Whether one of the accepted answers occurs in `text` as whole words.
  package static func contains(_ text: String, anyOf accept: [String]) -> Bool {
    let haystack = " " + normalized(text) + " "
    return accept.contains { answer in
      let needle = normalized(answer)
      return !needle.isEmpty && haystack.contains(" " + needle + " ")
    }
  }

  /// The fraction of the distinct words of `expected` that occur in `text`; 1 when nothing was expected.
  package static func recall(of expected: String, in text: String) -> Double {
    let wanted = Set(words(expected))
    guard !wanted.isEmpty else { return 1 }
    return Double(wanted.intersection(words(text)).count) / Double(wanted.count)
  }

  /// The edits that turn `text` into `expected`, in characters, with the length that they are counted against.
  ///
  /// Small and capital letters are different characters here; white space is none, so that a text may be spelt out.
  package static func characterErrors(_ text: String, expected: String) -> ErrorCount {
    let wanted = expected.filter { !$0.isWhitespace }
    let found = text.filter { !$0.isWhitespace }
    return ErrorCount(edits: editDistance(Array(found), Array(wanted)), length: wanted.count)
  }

  /// The same in words.
  package static func wordErrors(_ text: String, expected: String) -> ErrorCount {
    let wanted = words(expected)
    return ErrorCount(edits: editDistance(words(text), wanted), length: wanted.count)
  }

  /// Levenshtein's distance: the fewest insertions, deletions and substitutions from one sequence to the other.
  ///
  /// - Complexity: O(`first.count` · `second.count`) time, O(`second.count`) space.
  package static func editDistance<Symbol: Equatable>(_ first: [Symbol], _ second: [Symbol]) -> Int {
    var row = Array(0...second.count)
    for (index, symbol) in first.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in second.indices {
        let substituted = diagonal + (symbol == second[column] ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(substituted, diagonal + 1, row[column] + 1)
      }
    }
    return row[second.count]
  }

  private static func isEdge(_ character: Character) -> Bool {
    character.isPunctuation || character.isSymbol
  }

  private static func isSign(_ character: Character, before next: Character?) -> Bool {
    (character == "-" || character == "+") && next?.isNumber == true
  }
}

/// Edits, and the length of what was expected: an error rate is the sum of the one over the sum of the other.
package struct ErrorCount: Codable, Sendable, Equatable {
  package var edits: Int
  package var length: Int

  package init(edits: Int, length: Int) {
    self.edits = edits
    self.length = length
  }

  /// Edits per symbol expected; it exceeds 1 when more was said than was there.
  package var rate: Double {
    length > 0 ? Double(edits) / Double(length) : (edits > 0 ? 1 : 0)
  }

  package static func + (left: ErrorCount, right: ErrorCount) -> ErrorCount {
    ErrorCount(edits: left.edits + right.edits, length: left.length + right.length)
  }
}
