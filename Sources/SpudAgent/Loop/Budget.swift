/// How much an agent may use up.
package struct Budget: Sendable {
  /// Actions in all.
  package var actions: Int
  /// Actions towards one goal.
  package var actionsPerGoal: Int
  /// Seconds in all.
  package var seconds: Double
  /// How often the same action on the same screen is one too many.
  package var repetitions: Int

  package init(actions: Int = 10_000, actionsPerGoal: Int = 60, seconds: Double = 3_600, repetitions: Int = 3) {
    self.actions = actions
    self.actionsPerGoal = actionsPerGoal
    self.seconds = seconds
    self.repetitions = repetitions
  }
}
