/// How a position came to be in its sequence, which the request alone decides.
///
/// Kernels that round differently for many rows and for few ask for it; no bit depends on it where there are none.
package enum Mark: UInt8, Sendable {
  /// Part of a prompt.
  case read
  /// Of an assistant's turn, behind its generation prompt: generated here, or sent back by a client.
  case written
}

/// Tokens to append, each to a sequence of a cache; several tokens of one sequence are in their order.
package struct Batch: Sendable {
  package var tokens: [Int32]
  /// The cache's sequence that each token belongs to.
  package var sequences: [Int32]
  /// `[tokens]`; nil is `.read` for all.
  package var marks: [Mark]?
  /// `[tokens]`: the most positions that each attends to (see `Transformer.layersOfAll`); 0 is all. Nil is all for
  /// every token.
  package var budgets: [Int32]?
  /// What kind each token is of, for `RouterStatistics`; nil counts nothing.
  package var classes: [UInt8]?
  /// Whether `Transformer.routes` shall tell where the tokens that get logits were sent.
  package var recordsRoutes = false

  package init(tokens: [Int32], sequences: [Int32], marks: [Mark]? = nil, classes: [UInt8]? = nil) {
    self.tokens = tokens
    self.sequences = sequences
    self.marks = marks
    self.classes = classes
  }

  /// Tokens of one sequence.
  package init(_ tokens: [Int32], sequence: Int32 = 0, classes: [UInt8]? = nil) {
    self.init(tokens: tokens, sequences: Array(repeating: sequence, count: tokens.count), classes: classes)
  }
}

extension Batch {
  /// A part of the batch, in the same order.
  subscript(range: Range<Int>) -> Batch {
    var part = Batch(
      tokens: Array(tokens[range]), sequences: Array(sequences[range]), marks: marks.map { Array($0[range]) },
      classes: classes.map { Array($0[range]) })
    part.recordsRoutes = recordsRoutes
    part.budgets = budgets.map { Array($0[range]) }
    return part
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
