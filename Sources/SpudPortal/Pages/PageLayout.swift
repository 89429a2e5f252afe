internal import SpudSupport

/// Where pages put what they have, by a seed.
package struct PageLayout: Sendable {
  private let seed: UInt64
  /// Labels stand over their fields, not before them.
  let labelsAbove: Bool
  /// The column of buttons.
  let buttonColumn: Int
  /// Links to the lists stand in the last row, not in the second.
  let linksBelow: Bool
  /// By how much lines of a record are moved in.
  let indent: Int

  package init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    self.seed = random.next()
    labelsAbove = random.index(below: 2) == 1
    buttonColumn = [0, 9, 24][random.index(below: 3)]
    linksBelow = random.index(below: 3) == 0
    indent = random.index(below: 4)
  }

  /// The order of things that may stand in any, the same each time that they are asked for.
  func order<T>(_ items: [T], of what: String) -> [T] {
    var random = SeededGenerator(seed: what.utf8.reduce(seed) { $0 &* 31 &+ UInt64($1) })
    return items.shuffled(using: &random)
  }
}
