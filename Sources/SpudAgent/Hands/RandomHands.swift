internal import SpudBrowser
internal import SpudSupport

/// Hands that click anywhere and type what the goal has: what chance makes of a task.
package struct RandomHands: Hands {
  private var random: SeededGenerator
  private var words: [String] = []
  private var left = 0

  package init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  package mutating func begin(_ goal: Goal) {
    if case .send(let filling) = goal { words = filling.values.values.sorted() }
    left = 20
  }

  package mutating func next(_ sights: [Sight]) throws -> HandAction {
    left -= 1
    guard left > 0 else { return .done }
    if !words.isEmpty, random.index(below: 3) == 0 { return .gesture(.type(words[random.index(below: words.count)])) }
    return .gesture(.click(x: random.index(below: 256), y: random.index(below: 256)))
  }
}
