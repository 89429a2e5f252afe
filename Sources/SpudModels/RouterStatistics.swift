/// How many tokens of each class each expert of each layer has received.
package struct RouterStatistics: Sendable, Equatable {
  package let layerCount: Int
  /// Experts of the layer that has the most; layers with fewer leave the rest at 0.
  package let expertCount: Int
  /// Classes that tokens can have; a higher class counts as the last.
  package static let classCount = 8
  /// `[layer, expert, class]`, all flat.
  package private(set) var counts: [Int]

  package init(layerCount: Int, expertCount: Int) {
    self.layerCount = layerCount
    self.expertCount = expertCount
    counts = Array(repeating: 0, count: layerCount * expertCount * Self.classCount)
  }

  package subscript(layer layer: Int, expert expert: Int, class tokenClass: Int) -> Int {
    counts[(layer * expertCount + expert) * Self.classCount + tokenClass]
  }

  /// Counts one layer's choices: `experts` is `[tokens, expertsPerToken]`.
  mutating func record(_ experts: [Int32], expertsPerToken: Int, classes: ArraySlice<UInt8>, layer: Int) {
    for (token, tokenClass) in classes.enumerated() {
      let column = min(Int(tokenClass), Self.classCount - 1)
      for slot in token * expertsPerToken..<(token + 1) * expertsPerToken {
        counts[(layer * expertCount + Int(experts[slot])) * Self.classCount + column] += 1
      }
    }
  }

  package mutating func reset() {
    for index in counts.indices { counts[index] = 0 }
  }
}
