/// Which experts each token goes to, and with what weight; and the same, sorted by expert.
///
/// No token is ever dropped and no expert has a limit, so what a token gets does not depend on its neighbours.
package struct RoutingTable: Sendable {
  package let expertCount: Int
  package let expertsPerToken: Int
  package private(set) var tokenCount = 0
  /// `[token, expertsPerToken]`, best first; ties go to the lower index.
  package internal(set) var experts: [Int32] = []
  /// `[token, expertsPerToken]`.
  package internal(set) var weights: [Float] = []

  /// `[expertCount + 1]`: expert e has the pairs `offsets[e] ..< offsets[e + 1]`.
  private(set) var offsets: [Int32]
  /// `[expertCount]`: how many of an expert's pairs are of tokens that were read, which come first.
  private(set) var readCounts: [Int32]
  /// `[pairs]`, by expert, then by token.
  private(set) var pairTokens: [Int32] = []
  private(set) var pairWeights: [Float] = []
  private var cursors: [Int32]

  package init(expertCount: Int, expertsPerToken: Int) {
    precondition(
      expertsPerToken > 0 && expertsPerToken <= expertCount,
      "\(expertsPerToken) experts a token of \(expertCount) experts")
    self.expertCount = expertCount
    self.expertsPerToken = expertsPerToken
    offsets = Array(repeating: 0, count: expertCount + 1)
    cursors = Array(repeating: 0, count: expertCount)
    readCounts = cursors
  }

  /// The experts from `first` on that have at most so many pairs together; one that has more goes alone. Those behind
  /// them that have none are with them, so that no part is without pairs.
  package func experts(from first: Int, pairs most: Int) -> Range<Int> {
    let limit = Int(offsets[first]) + min(most, Int(offsets[expertCount]))
    var end = first + 1
    while end < expertCount, offsets[end] == offsets[first] || Int(offsets[end + 1]) <= max(limit, Int(offsets[end])) {
      end += 1
    }
    return first..<end
  }

  /// How many pairs some experts have.
  package func pairCount(of experts: Range<Int>) -> Int {
    Int(offsets[experts.upperBound] - offsets[experts.lowerBound])
  }

  mutating func resize(tokens: Int) {
    tokenCount = tokens
    let pairs = tokens * expertsPerToken
    if experts.count != pairs {
      experts = Array(repeating: 0, count: pairs)
      weights = Array(repeating: 0, count: pairs)
      pairTokens = Array(repeating: 0, count: pairs)
      pairWeights = Array(repeating: 0, count: pairs)
    }
  }

  /// Sorts the pairs by expert, those of tokens that were read before the others, keeping the order of tokens.
  mutating func sortByExpert(_ marks: RowMarks? = nil) {
    for expert in offsets.indices { offsets[expert] = 0 }
    for expert in experts { offsets[Int(expert) + 1] += 1 }
    for expert in 0..<expertCount {
      offsets[expert + 1] += offsets[expert]
      cursors[expert] = offsets[expert]
    }
    for index in 0..<tokenCount {
      let token = marks.map { Int($0.order[index]) } ?? index
      if let marks, index == marks.readCount { countRead() }
      for slot in token * expertsPerToken..<(token + 1) * expertsPerToken {
        let expert = Int(experts[slot])
        let place = Int(cursors[expert])
        cursors[expert] += 1
        pairTokens[place] = Int32(token)
        pairWeights[place] = weights[slot]
      }
    }
    if tokenCount == marks?.readCount ?? tokenCount { countRead() }
  }

  private mutating func countRead() {
    for expert in 0..<expertCount { readCounts[expert] = cursors[expert] - offsets[expert] }
  }
}
