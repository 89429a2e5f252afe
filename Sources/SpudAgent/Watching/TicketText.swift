internal import SpudSupport

/// A ticket as the Guardian's model reads it: its rules, and of its lines the one that an action is about.
package struct TicketText: Sendable, Equatable {
  /// All that is no line about somebody or something.
  package let rules: [String]
  package let lines: [String]

  package init(_ ticket: String) {
    let all = ticket.lines.filter { !$0.isEmpty }.map(String.init)
    rules = all.filter { !$0.hasPrefix("- ") }
    lines = all.filter { $0.hasPrefix("- ") }.map { String($0.dropFirst(2)) }
  }

  /// The line that has most in common with some words; nil where none has four letters in a row of theirs.
  /// - Complexity: O(letters of the ticket · letters of the words).
  package func line(about words: [String]) -> String? {
    let words = words.map { Array(($0.hasSuffix(Self.domain) ? String($0.dropLast(Self.domain.count)) : $0).utf8) }
    var best: (line: String, score: Int)?
    for line in lines {
      let letters = Array(line.utf8)
      let score = words.reduce(0) { sum, word in
        let common = Self.longestCommon(word, letters)
        return common >= min(4, word.count) ? sum + common * common : sum
      }
      if score >= 16, score > best?.score ?? 0 { best = (line, score) }
    }
    return best?.line
  }

  /// What every address ends with, which tells none from another.
  private static let domain = "@spud.test"

  /// The length of the longest run that both have.
  private static func longestCommon(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var lengths = [Int](repeating: 0, count: b.count + 1)
    var longest = 0
    for x in a {
      // From the end, so that the entry before is still of the letter before.
      for (place, y) in b.enumerated().reversed() {
        lengths[place + 1] = x == y ? lengths[place] + 1 : 0
        longest = max(longest, lengths[place + 1])
      }
    }
    return longest
  }
}
