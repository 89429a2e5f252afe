/// Whoever decides what to do next from what is to be seen: a model, or a script.
package protocol Hands {
  /// Begins with a goal.
  mutating func begin(_ goal: Goal)
  /// Begins with a goal again: what was done last did not lead to it, and something else is to be tried in its place.
  mutating func reconsider(_ goal: Goal)
  /// What to do next.
  ///
  /// - Parameter sights: the last two screens, the present one last.
  mutating func next(_ sights: [Sight]) throws -> HandAction
}

extension Hands {
  package mutating func reconsider(_ goal: Goal) { begin(goal) }
}
