internal import SpudErrors
package import SpudKernels

/// A batch on its way through the layers of a decoder.
///
/// Between two steps other batches may go all the way, as long as they belong to other sequences. A step is a layer, or
/// less: attention of many queries to many positions is cut, and so are experts that have much to do, so that a long
/// prompt keeps no one waiting.
package final class ForwardPass {
  package let batch: Batch
  /// Layers done.
  package internal(set) var layersDone = 0
  /// The layer after these, where its attention is cut.
  var cut: CutLayer?
  let cache: KeyValueCache
  let positions: TokenPositions
  /// `[tokens, modelWidth]`; after the last layer perhaps only the rows of `places`.
  let hidden: Activations
  /// Of each token, where that makes a difference.
  let marks: RowMarks?
  /// The tokens to get logits for, sorted ascending, each once.
  let places: [Int]
  /// Whether someone counts or observes every token, or nearly all get logits.
  let isWhole: Bool
  /// Where the tokens at `places` were sent, where the batch asks for it: `[place][layer][choice]`.
  var routes: [[[UInt16]]] = []
  /// What the sequences held before.
  private let lengths: [Int32: Int]

  fileprivate init(
    _ batch: Batch, cache: KeyValueCache, positions: TokenPositions, lengths: [Int32: Int], hidden: Activations,
    marks: RowMarks?, places: [Int], isWhole: Bool
  ) {
    self.batch = batch
    self.cache = cache
    self.positions = positions
    self.lengths = lengths
    if batch.recordsRoutes { routes = Array(repeating: [], count: places.count) }
    self.hidden = hidden
    self.marks = marks
    self.places = places
    self.isWhole = isWhole
  }

  /// Takes back what the pass appended to its sequences, those that still exist.
  fileprivate func takeBack() {
    for (sequence, length) in lengths where cache.has(sequence) { cache.truncate(sequence: Int(sequence), to: length) }
  }
}

extension Transformer {
  /// Appends a batch to its sequences, and looks up its embeddings.
  ///
  /// - Parameter places: The tokens that shall get logits, sorted ascending, each once.
  /// - Throws: As `forward` does; the cache is unchanged then.
  package func begin(_ batch: Batch, cache: KeyValueCache, logitsAt places: [Int]) throws -> ForwardPass {
    try check(batch, cache)
    var lengths: [Int32: Int] = [:]
    for sequence in Set(batch.sequences) { lengths[sequence] = cache.length(of: Int(sequence)) }
    let positions = try cache.append(batch.sequences)
    let hidden = take(columns: configuration.modelWidth)
    compute.gather(batch.tokens, from: embedding, into: hidden)
    let isObserved = hiddenStatesObserver != nil || inputObserver != nil
    let isWhole = batch.classes != nil || isObserved || places.count >= batch.tokens.count
    return ForwardPass(
      batch, cache: cache, positions: positions, lengths: lengths, hidden: hidden, marks: marks(of: batch),
      places: places, isWhole: isWhole)
  }

  /// Takes back what a pass appended, and its memory; it may be anywhere on its way.
  package func abandon(_ pass: ForwardPass) {
    pass.takeBack()
    endCut(of: pass)
    giveBack(pass.hidden)
  }

  /// The logits of a pass that is through, and takes its memory back.
  ///
  /// - Returns: `[places, vocabularyCount]`, valid until the next pass ends.
  package func finish(_ pass: ForwardPass) -> Activations {
    precondition(pass.layersDone == layers.count, "a pass that is not through has no logits")
    routes = pass.routes
    let selected = select(pass.isWhole ? pass.places : Array(pass.places.indices), of: pass.hidden)
    giveBack(pass.hidden)
    return logits(of: selected, marks: pass.marks?.selecting(pass.places))
  }

  /// The marks of a batch's tokens, where they make a difference.
  func marks(of batch: Batch) -> RowMarks? {
    guard compute.tellsMarksApart, let marks = batch.marks else { return nil }
    return RowMarks(isWritten: marks.map { $0 == .written })
  }
}
