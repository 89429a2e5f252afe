/// The bounds of a mark, [left, right) × [top, bottom), at most `side` a side.
package struct Mark: Sendable, Equatable {
  /// Of the square that a mark fits into.
  package static let side = 16

  package var left: Int
  package var top: Int
  package var right: Int
  package var bottom: Int

  package init(_ left: Int, _ top: Int, _ right: Int, _ bottom: Int) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }

  var width: Int { right - left }
  var height: Int { bottom - top }

  /// Whether `self` is a dot over `other`, or `other` one under it: so that i, j, !, ? and = are one mark.
  func isDot(with other: Mark) -> Bool {
    let gap = other.top - bottom
    let isLow = height <= 3 && (0...2).contains(gap) || other.height <= 3 && (0...1).contains(gap)
    let isNarrow = max(width, other.width) <= 6 && other.bottom - top <= 14
    let shared = min(right, other.right) - max(left, other.left)
    return isLow && isNarrow && 2 * shared >= min(width, other.width)
  }
}

/// Marks side by side, as the letters of a word are.
package struct MarkGroup: Sendable, Equatable {
  package let marks: [Mark]

  /// The middle of the bounds of all marks, rounded down.
  package var centre: (x: Int, y: Int) {
    let left = marks.map(\.left).min() ?? 0, right = marks.map(\.right).max() ?? 0
    let top = marks.map(\.top).min() ?? 0, bottom = marks.map(\.bottom).max() ?? 0
    return ((left + right) / 2, (top + bottom) / 2)
  }
}
