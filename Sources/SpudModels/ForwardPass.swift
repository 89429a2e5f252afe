internal import SpudErrors
package import SpudKernels

/// A batch on its way through the layers of a decoder.
///
/// Between two steps other batches may go all the way, as long as they belong to other sequences. A step is a layer, or
/// less: attention of many queries to many positions is cut, so that a long prompt keeps no one waiting.
package final class ForwardPass {
  package let batch: Batch
  /// Layers done.
  package fileprivate(set) var layersDone = 0
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

  /// What `advance` is going to do.
  package func nextStep(of pass: ForwardPass, attending most: Int) -> LayerStep {
    guard let cut = pass.cut else {
      let queries = kept(in: pass.layersDone, of: pass)?.count ?? pass.batch.tokens.count
      return queries > most ? .projections : .layer
    }
    return cut.rest.isEmpty ? .remainder : .attention(queries: min(cut.rest.count, most))
  }

  /// Takes a pass a step further: through a layer, or a part of one that has more queries than `most`, which are those
  /// that attend at once.
  ///
  /// Of the last layer, the tokens to come need only the keys and values, so the rest of it is computed for the tokens
  /// that get logits; unless someone counts or observes all of them.
  ///
  /// - Returns: Whether that was the last one.
  package func advance(_ pass: ForwardPass, attending most: Int = .max) -> Bool {
    let index = pass.layersDone
    let step = nextStep(of: pass, attending: most)
    switch step {
    case .layer: apply(layer: index, to: pass, selecting: kept(in: index, of: pass))
    case .projections: beginCut(layer: index, of: pass, selecting: kept(in: index, of: pass))
    case .attention(let queries): attend(queries, of: pass)
    case .remainder: endCut(of: pass)
    }
    if step == .layer || step == .remainder { pass.layersDone += 1 }
    return pass.layersDone == layers.count
  }

  /// The tokens for which more of a layer than keys and values is computed; nil is all.
  private func kept(in index: Int, of pass: ForwardPass) -> [Int]? {
    index == layers.count - 1 && !pass.isWhole ? pass.places : nil
  }

  /// Takes back what a pass appended, and its memory; it may be anywhere on its way.
  package func abandon(_ pass: ForwardPass) {
    pass.takeBack()
    if let cut = pass.cut { giveBack(cut) }
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
