/// Tokens to append, each to a sequence of a cache; several tokens of one sequence stand in their order.
package struct Batch: Sendable {
  package var tokens: [Int32]
  /// The cache's slot that each token belongs to.
  package var sequences: [Int32]
  /// What kind each token is of, for `RouterStatistics`; nil counts nothing.
  package var classes: [UInt8]?

  package init(tokens: [Int32], sequences: [Int32], classes: [UInt8]? = nil) {
    self.tokens = tokens
    self.sequences = sequences
    self.classes = classes
  }

  /// Tokens of one sequence.
  package init(_ tokens: [Int32], sequence: Int32 = 0, classes: [UInt8]? = nil) {
    self.init(tokens: tokens, sequences: Array(repeating: sequence, count: tokens.count), classes: classes)
  }
}

/// Which of a batch's tokens get logits. Each row costs a product with the whole vocabulary.
package enum OutputTokens: Sendable {
  case none
  /// The last token of each sequence, in the order in which the sequences first appear in the batch.
  case last
  case all
  /// The tokens at these places of the batch, in this order.
  case places([Int])
}
