internal import SpudKernels

/// The least that a pass goes on by.
package enum LayerStep: Equatable {
  case layer
  /// Queries, keys and values, of which the last two are stored.
  case projections
  case attention(queries: Int)
  /// All that follows attention.
  case remainder
}

/// A layer whose attention is computed in parts, between which others use what layers share.
struct CutLayer {
  let kept: [Int]?
  let queries: AttentionQueries
  /// Shared, but for the queries and what they attended to.
  let workspace: AttentionWorkspace
  /// Queries that have not attended yet.
  var rest: Range<Int>
}

extension Transformer {
  /// - Parameter kept: The tokens to compute more than keys and values for; nil is all.
  func apply(layer index: Int, to pass: ForwardPass, selecting kept: [Int]?) {
    let queries = project(layer: index, of: pass, selecting: kept, into: workspace.attention[index])
    attend(queries, layer: index, of: pass, in: workspace.attention[index])
    remainder(of: index, pass, queries, selecting: kept, in: workspace.attention[index])
  }

  func beginCut(layer index: Int, of pass: ForwardPass, selecting kept: [Int]?) {
    let shared = workspace.attention[index]
    let own = AttentionWorkspace(
      queries: take(columns: shared.queries.columns), keys: shared.keys, values: shared.values,
      attended: take(columns: shared.attended.columns))
    let queries = project(layer: index, of: pass, selecting: kept, into: own)
    attend(queries, rows: 0..<0, layer: index, of: pass, in: own)
    pass.cut = CutLayer(kept: kept, queries: queries, workspace: own, rest: 0..<queries.positions.count)
  }

  func attend(_ count: Int, of pass: ForwardPass) {
    guard let cut = pass.cut else { preconditionFailure("the layer is not cut") }
    let rows = cut.rest.prefix(count)
    attend(cut.queries, rows: rows, layer: pass.layersDone, of: pass, in: cut.workspace)
    pass.cut?.rest = rows.upperBound..<cut.rest.upperBound
  }

  func endCut(of pass: ForwardPass) {
    guard let cut = pass.cut.take() else { preconditionFailure("the layer is not cut") }
    remainder(of: pass.layersDone, pass, cut.queries, selecting: cut.kept, in: cut.workspace)
    giveBack(cut)
  }

  func giveBack(_ cut: CutLayer) {
    giveBack(cut.workspace.queries)
    giveBack(cut.workspace.attended)
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

  private func remainder(
    of index: Int, _ pass: ForwardPass, _ queries: AttentionQueries, selecting kept: [Int]?,
    in attention: AttentionWorkspace
  ) {
    let layer = layers[index]
    let (hidden, marks) = (pass.hidden, queries.marks)
    layer.attention.finish(queries, workspace: attention, compute: compute, addingInto: hidden)
    if kept?.isEmpty ?? false { return }
    inputObserver?(index, .attentionOutput, attention.attended)
    layer.feedForwardNorm.normalize(hidden, into: workspace.normalized, compute: compute)
    inputObserver?(index, .feedForward, workspace.normalized)
    switch (layer.feedForward, workspace.feedForward[index]) {
    case (.dense(let weights), _):
      compute.denseFeedForward(workspace.normalized, weights: weights, marks: marks, addingInto: hidden)
    case (.biased(let block), .biased(let gate, let up)):
      block.transform(workspace.normalized, marks: marks, gated: (gate, up), compute: compute, addingInto: hidden)
    case (.sparse(let experts), .sparse(let logits)):
      mix(experts, layer: index, marks: marks, logits: logits, of: pass, isSelected: kept != nil)
    case (.biased, _), (.sparse, _): preconditionFailure("layer \(index) has memory for another block")
    }
    hiddenStatesObserver?(index, hidden)
  }

  private func mix(
    _ experts: MixtureOfExperts, layer: Int, marks: RowMarks?, logits: Activations, of pass: ForwardPass,
    isSelected: Bool
  ) {
    guard var choice = routing[layer].take() else {
      preconditionFailure("layer \(layer) has experts, but no room for their router's choice")
    }
    experts.transform(
      workspace.normalized, marks: marks, logits: logits, routing: &choice, compute: compute, addingInto: pass.hidden)
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
    routing[layer] = choice
  }
}
