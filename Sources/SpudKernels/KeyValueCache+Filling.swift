extension KeyValueCache {
  /// Takes `2 * count` pages and gives every other one back: whoever grows next finds no two side by side, as in a
  /// cache that many conversations have come and gone in.
  ///
  /// - Throws: `SpudError` when there are not enough pages.
  package func fragment(_ count: Int) throws {
    let sequences = [makeSequence(), makeSequence()]
    for _ in 0..<count {
      for sequence in sequences { try extend(sequence, pages: 1) }
    }
    releaseSequence(sequences[0])
  }

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
