/// The tokens of a vocabulary by their bytes, as a tree in the order of a walk through it.
package struct TokenTrie: Sendable {
  /// For each node: its byte, how deep it lies (from 1), where the walk goes on if its branch is left out, and the
  /// tokens that end in it.
  let bytes: [UInt8]
  let depths: [UInt16]
  let ends: [Int32]
  let firstToken: [Int32]
  /// Tokens by node; those of node n are `firstToken[n]..<firstToken[n + 1]`.
  let tokens: [Int32]
  /// Ids in the vocabulary.
  package let tokenCount: Int
  package let longest: Int
  /// The bytes of each token; empty for those that constrained output never holds.
  let spellings: [[UInt8]]

  /// - Parameter tokens: The bytes of each id; empty for a control token, which is never allowed.
  /// - Complexity: O(bytes · log tokens).
  package init(_ tokens: [[UInt8]]) {
    spellings = tokens
    tokenCount = tokens.count
    longest = min(tokens.lazy.map(\.count).max() ?? 0, Int(UInt16.max))
    let order = tokens.indices.filter { !tokens[$0].isEmpty && tokens[$0].count <= Int(UInt16.max) }
      .sorted { tokens[$0].lexicographicallyPrecedes(tokens[$1]) }
    var bytes: [UInt8] = [], depths: [UInt16] = [], ends: [Int32] = [], firstToken: [Int32] = [], ids: [Int32] = []
    // Nodes on the way to the last token.
    var path: [Int] = [], last: [UInt8] = []
    for id in order {
      let token = tokens[id]
      let shared = zip(last, token).prefix { $0 == $1 }.count
      while path.count > shared { ends[path.removeLast()] = Int32(bytes.count) }
      for byte in token[shared...] {
        path.append(bytes.count)
        bytes.append(byte)
        depths.append(UInt16(path.count))
        ends.append(0)
        firstToken.append(Int32(ids.count))
      }
      // A token with the bytes of the one before ends in the same node, which is the last one.
      ids.append(Int32(id))
      last = token
    }
    while let node = path.popLast() { ends[node] = Int32(bytes.count) }
    firstToken.append(Int32(ids.count))
    (self.bytes, self.depths, self.ends, self.firstToken, self.tokens) = (bytes, depths, ends, firstToken, ids)
  }
}
