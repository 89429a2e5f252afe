internal import SpudSupport

/// The difference of two texts by lines, as people read it.
package enum LineDifference {
  /// Old lines times new ones, beyond which all between the first and the last change counts as changed.
  private static let largest = 4_000_000

  /// Hunks with three lines around what changed.
  ///
  /// - Complexity: O(lines · changes), but where much changed in long texts.
  package static func text(_ change: Workspace.Change) -> String {
    let (old, new) = (lines(change.before), lines(change.after))
    var removed: Set<Int> = [], inserted: Set<Int> = []
    let head = zip(old, new).prefix { $0 == $1 }.count
    let tail = zip(old.dropFirst(head).reversed(), new.dropFirst(head).reversed()).prefix { $0 == $1 }.count
    let (left, right) = (old[head..<old.count - tail], new[head..<new.count - tail])
    if left.count * right.count > largest {
      removed = Set(left.indices)
      inserted = Set(right.indices)
    } else {
      for step in right.difference(from: left) {
        switch step {
        case .remove(let offset, _, _): removed.insert(head + offset)
        case .insert(let offset, _, _): inserted.insert(head + offset)
        }
      }
    }
    // Every line of both in order, with its mark.
    var marked: [(mark: Character, text: String)] = []
    var (before, after) = (0, 0)
    while before < old.count || after < new.count {
      if before < old.count, removed.contains(before) {
        marked.append(("-", old[before]))
        before += 1
      } else if after < new.count, inserted.contains(after) {
        marked.append(("+", new[after]))
        after += 1
      } else {
        marked.append((" ", before < old.count ? old[before] : new[after]))
        (before, after) = (before + 1, after + 1)
      }
    }
    var shown = Set<Int>()
    for (place, line) in marked.enumerated() where line.mark != " " {
      shown.formUnion(max(0, place - 3)...min(marked.count - 1, place + 3))
    }
    // A path with an end of line in it must not look like one of these lines.
    let path = TerminalText.withoutControls(change.path, isOneLine: true)
    var text = "--- \(change.isNew ? "(new)" : path)\n+++ \(path)\n"
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
