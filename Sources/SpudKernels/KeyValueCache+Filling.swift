extension KeyValueCache {
  /// Takes `fragmentation * count` pages and gives `count` of them back, no two of them side by side, in no pattern
  /// that the memory's banks would see: whoever grows next finds those, as in a cache that many conversations have come
  /// and gone in.
  ///
  /// - Throws: `SpudError` when there are not enough pages.
  package func fragment(_ count: Int) throws {
    let most = max(1, capacity / Self.positionsPerPage / Self.fragmentation)
    var state: UInt32 = 1
    var leaving: [Int32] = []
    for taken in stride(from: 0, to: count, by: most) {
      let (staying, left) = (makeSequence(), makeSequence())
      for _ in taken..<min(taken + most, count) {
        state = state &* 1_664_525 &+ 1_013_904_223
        // Never the last of four: the first of the next four is no neighbour then.
        let chosen = Int(state >> 16) % (Self.fragmentation - 1)
        for page in 0..<Self.fragmentation { try extend(page == chosen ? left : staying, pages: 1) }
      }
      leaving.append(left)
    }
    for sequence in leaving { releaseSequence(sequence) }
  }

  /// Pages that `fragment` takes for each that it leaves.
  package static var fragmentation: Int { 4 }

  /// Makes a sequence of whole pages `count` pages long, by copies of those that it has: for measurements at depths
  /// that would take hours to read.
  ///
  /// - Throws: `SpudError` when it would outgrow `capacity`, or there are not enough pages.
  package func repeatPages(of sequence: Int32, to count: Int) throws {
    let given = pages(of: sequence)
    precondition(!given.isEmpty && given.count <= count, "\(given.count) pages to make \(count) of")
    try extend(sequence, pages: count - given.count)
    for (index, page) in pages(of: sequence).enumerated().dropFirst(given.count) {
      pool.copy(given[index % given.count], to: page)
    }
  }
}
