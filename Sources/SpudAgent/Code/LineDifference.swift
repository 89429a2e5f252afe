/// The difference of two texts by lines, as people read it.
package enum LineDifference {
  /// Hunks with three lines around what changed.
  ///
  /// - Complexity: O(lines · changes).
  package static func text(_ change: Workspace.Change) -> String {
    let (old, new) = (lines(change.before), lines(change.after))
    var removed: Set<Int> = [], inserted: Set<Int> = []
    for step in new.difference(from: old) {
      switch step {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): inserted.insert(offset)
      }
    }
    // Every line of both in order, with its mark.
    var marked: [(mark: Character, text: String)] = []
    var (left, right) = (0, 0)
    while left < old.count || right < new.count {
      if left < old.count, removed.contains(left) {
        marked.append(("-", old[left]))
        left += 1
      } else if right < new.count, inserted.contains(right) {
        marked.append(("+", new[right]))
        right += 1
      } else {
        marked.append((" ", left < old.count ? old[left] : new[right]))
        (left, right) = (left + 1, right + 1)
      }
    }
    var shown = Set<Int>()
    for (place, line) in marked.enumerated() where line.mark != " " {
      shown.formUnion(max(0, place - 3)...min(marked.count - 1, place + 3))
    }
    var text = "--- \(change.isNew ? "(new)" : change.path)\n+++ \(change.path)\n"
    var last = -1
    for place in shown.sorted() {
      if place != last + 1 || last < 0 { text += "@@ line \(place + 1)\n" }
      text += "\(marked[place].mark)\(marked[place].text)\n"
      last = place
    }
    return text
  }

  private static func lines(_ text: String) -> [String] {
    text.isEmpty
      ? [] : text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String(Substring($0)) }
  }
}
