internal import SpudKernels

/// The least that a pass goes on by.
package enum LayerStep: Equatable {
  case layer
  /// Queries, keys and values, of which the last two are stored.
  case projections
  case attention(queries: Int)
  /// What follows attention; of a mixture, up to the choice of experts.
  case remainder
  /// Experts that have as much to do as all of them have with so many ids.
  case experts(ids: Int)
}

/// How much a step does at most; a layer with more to do is cut.
package struct StepLimits: Equatable {
  /// Queries that attend at once.
  package var queries: Int
  /// Ids that go through all experts; or twice as many through half of them.
  package var mixedIDs: Int

  package static let none = StepLimits(queries: .max, mixedIDs: .max)

  package init(queries: Int, mixedIDs: Int) {
    self.queries = queries
    self.mixedIDs = mixedIDs
  }
}

/// A layer that is computed in parts, between which others use what layers share.
struct CutLayer {
  let kept: [Int]?
  let queries: AttentionQueries
  /// Shared, but for the queries and what they attended to.
  let workspace: AttentionWorkspace
  /// Queries that have not attended yet.
  var rest: Range<Int>
  /// Once the experts are chosen.
  var mixture: CutMixture?
}

/// A mixture whose experts are added in parts, in rising order.
struct CutMixture {
  let normalized: Activations  // [tokens, modelWidth]
  let routing: RoutingTable
  /// The first expert that is not added yet.
  var first = 0

  func next(_ limits: StepLimits) -> Range<Int> {
    routing.experts(from: first, pairs: min(limits.mixedIDs, routing.tokenCount) * routing.expertsPerToken)
  }
}

extension Transformer {
  /// What `advance` is going to do.
  package func nextStep(of pass: ForwardPass, limits: StepLimits) -> LayerStep {
    guard let cut = pass.cut else {
      let count = kept(in: pass.layersDone, of: pass)?.count ?? pass.batch.tokens.count
      return count > limits.queries || count > limits.mixedIDs && isMixture(pass.layersDone) ? .projections : .layer
    }
    guard cut.rest.isEmpty else { return .attention(queries: min(cut.rest.count, limits.queries)) }
    guard let mixture = cut.mixture else { return .remainder }
    let pairs = mixture.routing.pairCount(of: mixture.next(limits))
    return .experts(ids: (pairs + mixture.routing.expertsPerToken - 1) / mixture.routing.expertsPerToken)
  }

  /// Takes a pass a step further: through a layer, or a part of one that has more to do than `limits` say.
  ///
  /// Of the last layer, the tokens to come need only the keys and values, so the rest of it is computed for the tokens
  /// that get logits; unless someone counts or observes all of them.
  ///
  /// - Returns: Whether that was the last one.
  package func advance(_ pass: ForwardPass, limits: StepLimits = .none) -> Bool {
    let index = pass.layersDone
    switch nextStep(of: pass, limits: limits) {
    case .layer: apply(layer: index, to: pass, selecting: kept(in: index, of: pass))
    case .projections: beginCut(layer: index, of: pass, selecting: kept(in: index, of: pass))
    case .attention(let queries): attend(queries, of: pass)
    case .remainder: finishAttention(of: pass)
    case .experts: mix(of: pass, limits: limits)
    }
    if pass.cut == nil { pass.layersDone += 1 }
    return pass.layersDone == layers.count
  }

  /// The tokens for which more of a layer than keys and values is computed; nil is all.
  private func kept(in index: Int, of pass: ForwardPass) -> [Int]? {
    index == layers.count - 1 && !pass.isWhole ? pass.places : nil
  }

  private func isMixture(_ index: Int) -> Bool {
    if case .sparse = layers[index].feedForward { true } else { false }
  }

  private func apply(layer index: Int, to pass: ForwardPass, selecting kept: [Int]?) {
    let attention = workspace.attention[index]
    let queries = project(layer: index, of: pass, selecting: kept, into: attention)
    attend(queries, layer: index, of: pass, in: attention)
    finish(queries, layer: index, of: pass, in: attention)
    if kept?.isEmpty ?? false { return }
    normalize(pass.hidden, layer: index, into: workspace.normalized)
    if case .sparse(let experts) = layers[index].feedForward {
      let choice = route(
        experts, workspace.normalized, marks: queries.marks, layer: index, of: pass, isSelected: kept != nil)
      compute.mixExperts(
        workspace.normalized, routing: choice, weights: experts.experts, marks: queries.marks, addingInto: pass.hidden)
      routing[index] = choice
    } else {
      transform(layer: index, of: pass, marks: queries.marks)
    }
    hiddenStatesObserver?(index, pass.hidden)
  }
}

// MARK: Parts of a layer

extension Transformer {
  private func beginCut(layer index: Int, of pass: ForwardPass, selecting kept: [Int]?) {
    let shared = workspace.attention[index]
    let own = AttentionWorkspace(
      queries: take(columns: shared.queries.columns), keys: shared.keys, values: shared.values,
      attended: take(columns: shared.attended.columns))
    let queries = project(layer: index, of: pass, selecting: kept, into: own)
    attend(queries, rows: 0..<0, layer: index, of: pass, in: own)
    pass.cut = CutLayer(kept: kept, queries: queries, workspace: own, rest: 0..<queries.positions.count)
  }

  private func attend(_ count: Int, of pass: ForwardPass) {
    guard let cut = pass.cut else { preconditionFailure("the layer is not cut") }
    let rows = cut.rest.prefix(count)
    attend(cut.queries, rows: rows, layer: pass.layersDone, of: pass, in: cut.workspace)
    pass.cut?.rest = rows.upperBound..<cut.rest.upperBound
  }

  private func finishAttention(of pass: ForwardPass) {
    guard let cut = pass.cut else { preconditionFailure("the layer is not cut") }
    let index = pass.layersDone
    finish(cut.queries, layer: index, of: pass, in: cut.workspace)
    if cut.kept?.isEmpty ?? false { return endCut(of: pass) }
    if case .sparse(let experts) = layers[index].feedForward {
      let normalized = take(columns: configuration.modelWidth)
      normalize(pass.hidden, layer: index, into: normalized)
      let choice = route(
        experts, normalized, marks: cut.queries.marks, layer: index, of: pass, isSelected: cut.kept != nil)
      pass.cut?.mixture = CutMixture(normalized: normalized, routing: choice)
    } else {
      normalize(pass.hidden, layer: index, into: workspace.normalized)
      transform(layer: index, of: pass, marks: cut.queries.marks)
      hiddenStatesObserver?(index, pass.hidden)
      endCut(of: pass)
    }
  }

  private func mix(of pass: ForwardPass, limits: StepLimits) {
    let index = pass.layersDone
    guard let cut = pass.cut, let mixture = cut.mixture, case .sparse(let experts) = layers[index].feedForward else {
      preconditionFailure("no expert is chosen")
    }
    let next = mixture.next(limits)
    compute.mixExperts(
      mixture.normalized, routing: mixture.routing, experts: next, weights: experts.experts, marks: cut.queries.marks,
      addingInto: pass.hidden)
    pass.cut?.mixture?.first = next.upperBound
    guard next.upperBound == mixture.routing.expertCount else { return }
    routing[index] = mixture.routing
    hiddenStatesObserver?(index, pass.hidden)
    endCut(of: pass)
  }

  /// Ends a layer that is cut, wherever it is, and takes its memory back.
  func endCut(of pass: ForwardPass) {
    guard let cut = pass.cut.take() else { return }
    giveBack(cut.workspace.queries)
    giveBack(cut.workspace.attended)
    if let mixture = cut.mixture { giveBack(mixture.normalized) }
  }

  private func project(
    layer index: Int, of pass: ForwardPass, selecting kept: [Int]?, into attention: AttentionWorkspace
  ) -> AttentionQueries {
    let layer = layers[index]
    layer.attentionNorm.normalize(pass.hidden, into: workspace.normalized, compute: compute)
    inputObserver?(index, .attention, workspace.normalized)
    return layer.attention.project(
      workspace.normalized, positions: pass.positions, selecting: kept, marks: pass.marks,
      budgets: index < Self.layersOfAll ? nil : pass.batch.budgets, workspace: attention, compute: compute,
      hidden: pass.hidden)
  }

  /// - Parameter rows: Nil is all, which store keys and values first; so does an empty range.
  private func attend(
    _ queries: AttentionQueries, rows: Range<Int>? = nil, layer index: Int, of pass: ForwardPass,
    in attention: AttentionWorkspace
  ) {
    layers[index].attention.attend(
      queries, rows: rows, storing: rows?.isEmpty ?? true ? pass.positions : nil, layer: index, cache: pass.cache,
      workspace: attention, compute: compute)
  }

  private func finish(
    _ queries: AttentionQueries, layer index: Int, of pass: ForwardPass, in attention: AttentionWorkspace
  ) {
    layers[index].attention.finish(queries, workspace: attention, compute: compute, addingInto: pass.hidden)
    if queries.positions.count > 0 { inputObserver?(index, .attentionOutput, attention.attended) }
  }

  private func normalize(_ hidden: Activations, layer index: Int, into normalized: Activations) {
    layers[index].feedForwardNorm.normalize(hidden, into: normalized, compute: compute)
    inputObserver?(index, .feedForward, normalized)
  }

  private func transform(layer index: Int, of pass: ForwardPass, marks: RowMarks?) {
    switch (layers[index].feedForward, workspace.feedForward[index]) {
    case (.dense(let weights), _):
      compute.denseFeedForward(workspace.normalized, weights: weights, marks: marks, addingInto: pass.hidden)
    case (.biased(let block), .biased(let gate, let up)):
      block.transform(
        workspace.normalized, marks: marks, gated: (gate, up), compute: compute, addingInto: pass.hidden)
    case (.biased, _), (.sparse, _): preconditionFailure("layer \(index) has memory for another block")
    }
  }

  private func route(
    _ experts: MixtureOfExperts, _ x: Activations, marks: RowMarks?, layer: Int, of pass: ForwardPass, isSelected: Bool
  ) -> RoutingTable {
    guard case .sparse(let logits) = workspace.feedForward[layer] else {
      preconditionFailure("layer \(layer) has memory for another block")
    }
    var choice =
      routing[layer].take()
      ?? RoutingTable(expertCount: experts.experts.expertCount, expertsPerToken: experts.expertsPerToken)
    experts.route(x, marks: marks, logits: logits, into: &choice, compute: compute)
    if pass.batch.recordsRoutes {
      let count = experts.expertsPerToken
      for (index, place) in pass.places.enumerated() {
        let first = (isSelected ? index : place) * count
        pass.routes[index].append(choice.experts[first..<first + count].map { UInt16(truncatingIfNeeded: $0) })
      }
    }
    if let classes = pass.batch.classes {
      statistics.record(choice.experts, expertsPerToken: experts.expertsPerToken, classes: classes[...], layer: layer)
    }
    return choice
  }
}
