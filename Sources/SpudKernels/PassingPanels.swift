/// Panels of weights that are packed a few at a time, multiplied by and forgotten.
///
/// Memory that nothing was in yet costs more than packing does: the system clears it. So what is needed for the first
/// time, and perhaps only once, is packed into memory that is in the caches.
struct PassingPanels: Sequence {
  /// How many are packed at once at most.
  static var most: Int { 8 }

  struct Part {
    let panels: Range<Int>

    /// Has `body` pack these panels.
    ///
    /// - Parameters:
    ///   - memory: Room for `most` panels.
    ///   - isRagged: Whether panels have rows or columns that no weight is in; they have to be zeros.
    ///   - body: Is given where panel 0 would lie.
    /// - Returns: Where panel 0 would lie.
    @unsafe
    func pack(
      into memory: UnsafeMutablePointer<UInt8>, layout: PanelLayout, isRagged: Bool,
      _ body: (UnsafeMutablePointer<UInt8>) -> Void
    ) -> UnsafeMutablePointer<UInt8> {
      if isRagged { unsafe memory.update(repeating: 0, count: panels.count * layout.panelBytes) }
      let base = unsafe memory - panels.lowerBound * layout.panelBytes
      unsafe body(base)
      return unsafe base
    }
  }

  private let panels: Range<Int>
  private let count: Int

  /// - Parameter rows: Of the input. Few panels stay in the first caches; many rows are brought together for many. Two
  ///   make a block of gated values.
  init(_ panels: Range<Int>, rows: Int) {
    self.panels = panels
    count = rows < 16 ? 2 : Self.most
  }

  func makeIterator() -> AnyIterator<Part> {
    var next = panels.lowerBound
    return AnyIterator {
      guard next < panels.upperBound else { return nil }
      defer { next += count }
      return Part(panels: next..<Swift.min(next + count, panels.upperBound))
    }
  }
}
