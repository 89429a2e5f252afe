internal import CSpudKernels

/// Consecutive tokens of one sequence, few enough for one tile of attention.
struct AttentionTile {
  let firstToken: Int
  let tokens: Int
  /// Positions that its last token sees.
  let length: Int
  /// Whether its tokens go through the kernels for what was read.
  let isRead: Bool
  /// Where its one token attends to some pages only: which of the selections.
  var selection: Int?
}

/// How many queries go together at most.
struct AttentionRows {
  /// Of those that were read; nil where they are like all.
  let read: Int?
  let written: Int

  func count(isRead: Bool) -> Int { isRead ? read ?? written : written }
  var most: Int { max(read ?? 0, written) }
  /// Parts that a group of heads larger than a tile is cut into; a tile then has one token.
  func parts(of group: Int, isRead: Bool) -> Int { (group + count(isRead: isRead) - 1) / count(isRead: isRead) }
}

/// Attention.
extension Compute {
  /// Stores the tokens' keys and values in the cache, then attends causally to all that their sequences hold.
  ///
  ///     output[t, h] = Σ_p softmax_p(scale · queries[t, h] · keys[p, h']) · values[p, h'],  p ≤ position of t
  ///
  /// Query head h shares key-value head h' = h / (queryHeads / keyValueHeads). A sink takes part in its head's softmax
  /// and has no value: its exponential is in the denominator alone. Call it once for each layer, with the positions
  /// that `cache.append` gave. One task, two synchronizations.
  ///
  /// - Parameters:
  ///   - queries: `[tokens, queryHeads · headWidth]`, rotated; of fewer tokens when `queryPositions` says which.
  ///   - rows: The queries that attend now; nil is all. The others' rows of the output are left as they are.
  ///   - queryPositions: Where the queries stand; nil is `positions`. The output has a row for each of them.
  ///   - keys: `[tokens, keyValueHeads · headWidth]`, rotated; unused where no `positions` are given.
  ///   - values: `[tokens, keyValueHeads · headWidth]`, the same.
  ///   - positions: Of the keys and values; none if they are stored already.
  ///   - window: How many positions a token sees, its own included; nil is all. What it sees begins at the boundary of
  ///     a page, with the positions before the window masked: its bits do not depend on its neighbours in a batch.
  ///   - sinks: `[queryHeads]`, logits: not scaled. Nil is none.
  ///   - budgets: For each query, the most positions that it attends to: of more it chooses pages (`PageSelection`); 0
  ///     is all. Nil is all for every query.
  ///   - marks: Of each query; nil is that all were read.
  ///   - output: `[tokens, queryHeads · headWidth]`.
  package func attend(
    queries: Activations, rows: Range<Int>? = nil, at queryPositions: TokenPositions? = nil, keys: Activations,
    values: Activations, positions: TokenPositions, layer: Int, cache: KeyValueCache, scale: Float, window: Int? = nil,
    sinks: [Float]? = nil, budgets: [Int32]? = nil, marks: RowMarks? = nil, into output: Activations
  ) {
    precondition(window ?? 1 > 0, "a window of \(window ?? 0) positions")
    let headWidth = cache.headWidth
    let heads = queries.columns / headWidth
    precondition(layer >= 0 && layer < cache.layerCount, "layer \(layer) of \(cache.layerCount)")
    precondition(
      queries.columns == heads * headWidth && heads % cache.headCount == 0, "\(queries.columns) query columns")
    precondition(
      keys.columns == cache.headCount * headWidth && values.columns == keys.columns, "\(keys.columns) key columns")
    precondition(output.columns == queries.columns, "\(output.columns) output columns")
    precondition(sinks?.count ?? heads == heads, "\(sinks?.count ?? 0) sinks for \(heads) heads")
    let tokens = positions.count
    let queryPositions = queryPositions ?? positions
    let rows = rows ?? 0..<queryPositions.count
    precondition(
      queries.rows == queryPositions.count && (tokens == 0 || keys.rows == tokens && values.rows == tokens),
      "rows differ from \(tokens) tokens")
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= queryPositions.count, "queries \(rows) of \(queryPositions.count)")
    output.resize(rows: queryPositions.count)
    guard tokens > 0 || !rows.isEmpty else { return }
    var longest = 0
    for (places, rows) in [(positions, 0..<tokens), (queryPositions, rows)] {
      for (sequence, position) in zip(places.sequences[rows], places.indices[rows]) {
        precondition(Int(position) < cache.length(of: Int(sequence)), "a position that the cache does not hold")
        longest = max(longest, Int(position) + 1)
      }
    }
    let group = heads / cache.headCount
    precondition(budgets == nil || budgets?.count == queryPositions.count, "a budget for each query")
    precondition(marks == nil || marks?.count == queryPositions.count, "a mark for each query")
    // An odd number of lines, so that rows lie in different sets of the cache.
    let scoreStride = longest.roundedUp(to: 32) + 16
    let hasTiles = unsafe kernels.pointee.attention_of_read != nil && cache.format == .bf16
    // Scores of more rows would leave the second-level cache.
    let readRows = hasTiles ? scoreStride <= 1 << 14 ? SPUD_READ_QUERIES : SPUD_READ_QUERIES / 2 : nil
    // Queries that go together read keys and values once; but every thread shall have some.
    let isShared = cache.headCount * rows.count * group >= pool.count * SPUD_ATTENTION_ROWS
    let heights = AttentionRows(read: readRows, written: isShared ? SPUD_ATTENTION_ROWS : SPUD_ATTENTION_ROWS / 2)
    fillTiles(queryPositions, rows: rows, group: group, heights: heights, budgets: budgets, marks: marks)
    let selections = window == nil ? selections(queryPositions, budgets: budgets, layer: layer, cache: cache) : []
    let queryStride = inputBytes(cache.format.weightFormat, columns: headWidth)
    let task = unsafe AttentionTask(
      kernels: kernels, queries: queries.view, keys: keys.view, values: values.view, output: output.view,
      queryPositions: queryPositions,
      positions: positions, layer: layer,
      cache: cache, scale: scale, window: window, sinks: sinks?.map { $0 / scale }, group: group, rows: heights,
      tiles: workspace.tiles, selections: selections,
      scores: workspace.scores.floats(pool.count * heights.most * scoreStride), scoreStride: scoreStride,
      prepared: workspace.queries.bytes(pool.count * heights.most * queryStride).assumingMemoryBound(to: UInt8.self),
      preparedStride: queryStride)
    pool.run(task, alone: max(tokens, rows.count) * longest * queries.columns < Compute.smallWork)
    for selection in selections {
      for page in selection.pagesOfMissing { cache.pool.bounds.noteMade(of: page, layer: layer) }
    }
  }

  /// Gives each tile that has more positions than its budget a selection of pages.
  ///
  /// Where there is no memory for bounds, all is attended to.
  private func selections(
    _ positions: TokenPositions, budgets: [Int32]?, layer: Int, cache: KeyValueCache
  ) -> [PageSelection] {
    guard let budgets else { return [] }
    var selections: [PageSelection] = []
    for index in workspace.tiles.indices {
      let tile = workspace.tiles[index]
      let budget = Int(budgets[tile.firstToken])
      guard budget > 0, tile.length > max(budget, PageSelection.leastBudget) else { continue }
      let table = cache.table(Int(positions.sequences[tile.firstToken]))
      guard
        let selection = try? PageSelection(
          of: table, length: tile.length, budget: budget, layer: layer, in: cache.pool)
      else { continue }
      workspace.tiles[index].selection = selections.count
      selections.append(selection)
    }
    return selections
  }

  /// Cuts some of the tokens into runs of one sequence, and sorts these ascending by how many positions they see: they
  /// are worked on from the end, so that the last ones are short whichever sequence they belong to.
  ///
  /// A token with a budget is alone in its run, and one that was read is among others that were.
  private func fillTiles(
    _ positions: TokenPositions, rows: Range<Int>, group: Int, heights: AttentionRows, budgets: [Int32]?,
    marks: RowMarks?
  ) {
    workspace.tiles.removeAll(keepingCapacity: true)
    func wasRead(_ token: Int) -> Bool { heights.read != nil && !(marks?.isWritten[token] ?? false) }
    var first = rows.lowerBound
    while first < rows.upperBound {
      let isRead = wasRead(first)
      let most = max(1, heights.count(isRead: isRead) / group)
      var end = first + 1
      while end < rows.upperBound, end - first < most, positions.sequences[end] == positions.sequences[first],
        wasRead(end) == isRead, budgets.map({ $0[first] == 0 && $0[end] == 0 }) ?? true
      {
        end += 1
      }
      let length = Int(positions.indices[end - 1]) + 1
      workspace.tiles.append(AttentionTile(firstToken: first, tokens: end - first, length: length, isRead: isRead))
      first = end
    }
    workspace.tiles.sort { $0.length < $1.length }
  }
}

@safe
private struct AttentionTask: ParallelTask, ~Copyable {
  let kernels: UnsafePointer<spud_kernels>
  let queries: ActivationRows
  let keys: ActivationRows
  let values: ActivationRows
  let output: ActivationRows
  let queryPositions: TokenPositions
  let positions: TokenPositions
  let layer: Int
  let cache: KeyValueCache
  let scale: Float
  let window: Int?
  let sinks: [Float]?  // before the scale, as scores are
  /// Query heads that share a key-value head.
  let group: Int
  let rows: AttentionRows
  let tiles: [AttentionTile]
  let selections: [PageSelection]
  let scores: UnsafeMutablePointer<Float>
  let scoreStride: Int
  let prepared: UnsafeMutablePointer<UInt8>
  let preparedStride: Int

  func run(_ worker: Worker) {
    store(worker)
    bound(worker)
    worker.barrier()
    let parts = rows.parts(of: group, isRead: false)
    while true {
      let item = worker.takeItem()
      guard item < tiles.count * cache.headCount * parts else { return }
      let (head, part) = (item / tiles.count / parts, item / tiles.count % parts)
      let tile = tiles[tiles.count - 1 - item % tiles.count]
      if part < rows.parts(of: group, isRead: tile.isRead) { attend(tile, head: head, part: part, worker) }
    }
  }

  /// Tokens in the outer loop: a token's heads lie side by side, and are read as one stream.
  private func store(_ worker: Worker) {
    let width = cache.headWidth
    let format = cache.format.code
    let heads = worker.share(of: cache.headCount)
    // Where the kernels round to bfloat16 themselves, they do it faster than C for any processor.
    let roundsInVectors = unsafe cache.format == .bf16 && kernels.pointee.rounds_to_bf16 != 0 && width % 32 == 0
    let pool = cache.pool
    let (keys, values) = unsafe ((keys.base, keys.stride), (values.base, values.stride))
    // Of the page that the token before was stored in: to look it up takes as long as to store a head.
    var (sequence, number): (Int32, Int) = (-1, -1)
    var bases: (keys: UnsafeMutablePointer<UInt8>, values: UnsafeMutablePointer<UInt8>)?
    for token in 0..<positions.count {
      let position = Int(positions.indices[token])
      if positions.sequences[token] != sequence || position / 32 != number {
        (sequence, number) = (positions.sequences[token], position / 32)
        let page = cache.table(Int(sequence)).pages[number]
        unsafe bases = (pool.keyBase(of: page), pool.valueBase(of: page))
      }
      guard let bases = unsafe bases else { continue }
      for head in heads {
        // SAFETY: `attend` checked that the sequence holds the position.
        let key = unsafe keys.0 + token * keys.1 + head * width
        let value = unsafe values.0 + token * values.1 + head * width
        let panel = unsafe bases.keys + pool.keyOffset(layer: layer, head: head)
        let row =
          unsafe bases.values + pool.valueOffset(layer: layer, head: head) + position % 32 * pool.valueStride
        if roundsInVectors {
          unsafe kernels.pointee.prepare(format, value, Int64(width), row)
          unsafe withUnsafeTemporaryAllocation(byteCount: 2 * width, alignment: 64) { rounded in
            let rounded = unsafe rounded.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe kernels.pointee.prepare(format, key, Int64(width), rounded)
            unsafe spud_pack_rows(format, panel, Int64(position % 32), SPUD_FROM_BF16, rounded, 1, Int64(width), nil)
          }
        } else {
          unsafe spud_pack_float_row(format, panel, Int64(position % 32), key, Int64(width))
          unsafe spud_store_values(format, row, value, Int64(width))
        }
      }
    }
  }

  /// Takes the bounds of keys that have none yet: they all are of pages before those that are written now.
  private func bound(_ worker: Worker) {
    let bounds = cache.pool.bounds
    for head in worker.share(of: selections.isEmpty ? 0 : cache.headCount) {
      let (keys, rows) = (cache.pool.keyOffset(layer: layer, head: head), bounds.offset(layer: layer, head: head))
      for pages in selections.lazy.flatMap(\.missing) {
        unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: 2) { panels in
          // SAFETY: both pages are whole, and `makeRoom` was called for the second.
          unsafe panels[0] = UnsafePointer(cache.pool.keyBase(of: pages.first) + keys)
          unsafe panels[1] = UnsafePointer(cache.pool.keyBase(of: pages.second) + keys)
          unsafe (bounds.base(of: pages.second) + rows).withMemoryRebound(to: UInt16.self, capacity: bounds.columns) {
            unsafe spud_store_bounds(
              cache.format.code, panels.baseAddress, 2, Int64(cache.headWidth), Int64(bounds.columns), $0)
          }
        }
      }
    }
  }

  /// The first position that a token sees.
  private func firstSeen(at token: Int) -> Int {
    window.map { max(0, Int(queryPositions.indices[token]) + 1 - $0) } ?? 0
  }

  private func attend(_ tile: AttentionTile, head: Int, part: Int, _ worker: Worker) {
    let table = cache.table(Int(queryPositions.sequences[tile.firstToken]))
    guard let index = tile.selection else {
      let firstPage = firstSeen(at: tile.firstToken) / 32
      return unsafe attend(
        tile, head: head, part: part, keys: UnsafePointer(table.keys) + firstPage,
        values: UnsafePointer(table.values) + firstPage, skipped: 32 * firstPage, worker)
    }
    let selection = selections[index]
    let count = selection.chosenCount
    unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: 2 * count) { chosen in
      guard let keys = chosen.baseAddress else { return }
      // SAFETY: `choose` tells `count` pages, each of them one of the sequence's.
      let values = unsafe keys + count
      var filled = 0
      let queries = unsafe (0..<group).map { index in
        unsafe UnsafePointer(
          self.queries.base + tile.firstToken * self.queries.stride + (head * group + index) * cache.headWidth)
      }
      unsafe selection.choose(
        for: queries, headWidth: cache.headWidth, columns: cache.pool.bounds.columns,
        layerOffset: cache.pool.bounds.offset(layer: layer, head: head), kernels: kernels
      ) { page in
        unsafe keys[filled] = table.keys[page]
        unsafe values[filled] = table.values[page]
        filled += 1
      }
      precondition(filled == count, "\(filled) pages of \(count)")
      unsafe attend(
        tile, head: head, part: part, keys: UnsafePointer(keys), values: UnsafePointer(values),
        skipped: 32 * (selection.pageCount - count), worker)
    }
  }

  /// - Parameters:
  ///   - keys: Where the pages that are attended to have their keys, in order.
  ///   - values: The same of their values.
  ///   - skipped: Positions before the tile's own that are not among them.
  private func attend(
    _ tile: AttentionTile, head: Int, part: Int, keys: UnsafePointer<UnsafePointer<UInt8>?>,
    values: UnsafePointer<UnsafePointer<UInt8>?>, skipped: Int, _ worker: Worker
  ) {
    let width = cache.headWidth
    var task = unsafe spud_attention()
    unsafe task.keys = keys
    unsafe task.key_offset = cache.pool.keyOffset(layer: layer, head: head)
    unsafe task.key_panel_bytes = cache.pool.keyLayout.panelBytes
    unsafe task.key_units = Int64(cache.pool.keyLayout.units)
    unsafe task.values = values
    unsafe task.value_offset = cache.pool.valueOffset(layer: layer, head: head)
    unsafe task.value_stride = cache.pool.valueStride
    unsafe task.head_width = Int64(width)
    unsafe task.scale = scale
    unsafe task.scores = scores + worker.index * self.rows.most * scoreStride
    unsafe task.score_stride = scoreStride
    unsafe task.prepared = prepared + worker.index * self.rows.most * preparedStride
    unsafe task.prepared_stride = preparedStride
    unsafe task.format = cache.format.code
    let most = self.rows.count(isRead: tile.isRead)
    let firstHead = part * most
    let heads = min(most, group - firstHead)
    unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: most) { inputs in
      unsafe withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>?.self, capacity: most) { outputs in
        unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * most) { places in
          unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: most) { rowSinks in
            var rows = 0
            for token in tile.firstToken..<tile.firstToken + tile.tokens {
              for index in head * group + firstHead..<head * group + firstHead + heads {
                let column = index * width
                unsafe inputs[rows] = UnsafePointer(queries.base + token * queries.stride + column)
                unsafe outputs[rows] = output.base + token * output.stride + column
                unsafe places[rows] = queryPositions.indices[token] + 1 - Int32(skipped)
                unsafe places[most + rows] = Int32(max(0, firstSeen(at: token) - skipped))
                if let sinks { unsafe rowSinks[rows] = sinks[index] }
                rows += 1
              }
            }
            unsafe task.queries = UnsafePointer(inputs.baseAddress)
            unsafe task.outputs = UnsafePointer(outputs.baseAddress)
            unsafe task.lengths = UnsafePointer(places.baseAddress)
            unsafe task.starts = places.baseAddress.map { unsafe UnsafePointer($0 + most) }
            unsafe task.sinks = sinks == nil ? nil : UnsafePointer(rowSinks.baseAddress)
            unsafe task.rows = Int64(rows)
            // SAFETY: every pointer above lies in a buffer whose shape `attend` checked.
            if tile.isRead, let attend = unsafe kernels.pointee.attention_of_read {
              unsafe attend(&task)
            } else {
              unsafe kernels.pointee.attention(&task)
            }
          }
        }
      }
    }
  }
}
