extension KeyValueCache {
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
