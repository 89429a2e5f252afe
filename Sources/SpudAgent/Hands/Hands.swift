/// Whoever decides what to do next from what is to be seen: a model, or a script.
package protocol Hands {
  /// Begins with a goal.
  mutating func begin(_ goal: Goal)
  /// What to do next.
  ///
  /// - Parameter sights: the last two screens, the present one last.
  mutating func next(_ sights: [Sight]) throws -> HandAction
}
