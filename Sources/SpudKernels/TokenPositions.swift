/// The sequence of each token of a batch, and its index there.
package struct TokenPositions: Sendable {
  package internal(set) var sequences: [Int32]
  /// From 0, within the token's own sequence.
  package internal(set) var indices: [Int32]
  package var count: Int { sequences.count }

  package init() { self.init(sequences: [], indices: []) }

  init(sequences: [Int32], indices: [Int32]) {
    self.sequences = sequences
    self.indices = indices
  }

  /// The positions of the tokens at `rows` alone.
  package func selecting(_ rows: [Int]) -> TokenPositions {
    TokenPositions(sequences: rows.map { sequences[$0] }, indices: rows.map { indices[$0] })
  }
}
