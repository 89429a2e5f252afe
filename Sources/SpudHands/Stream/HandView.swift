/// A stream whose places all lie a few bins to a side.
///
/// What is to be done on a screen does not depend on where the whole of it lies, but a small model's answer does a
/// little: it is asked about several views at once, and their logits are added up.
package struct HandView: Sendable, Hashable {
  package let right: Int32
  package let down: Int32

  /// The stream itself, then views nearby: `count` of them, or as many as leave every place on the screen.
  package static func several(of ids: [Int32], count: Int) -> [HandView] {
    let near: [(Int32, Int32)] = [(0, 0), (3, 2), (-2, 3), (2, 5), (-3, 1), (1, -2), (5, 1), (-1, 6), (4, 4)]
    let views = near.lazy.map { HandView(right: $0.0, down: $0.1) }
    return Array(views.filter { view in ids.allSatisfy { view.moved($0) != nil } }.prefix(max(count, 1)))
  }

  /// The same id in this view; nil where its place lies outside.
  package func moved(_ id: Int32) -> Int32? {
    let bins = Int32(HandVocabulary.bins)
    for (first, by) in [(HandVocabulary.firstX, right), (HandVocabulary.firstY, down)]
    where (first..<first + bins).contains(id) {
      let moved = id + by
      return (first..<first + bins).contains(moved) ? moved : nil
    }
    return id
  }
}
