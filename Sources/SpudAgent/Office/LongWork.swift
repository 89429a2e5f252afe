package import SpudBrowser
internal import SpudPortal

/// Tasks of fourteen steps and more, each done by the same agent from what it sees, and from what it is told of it.
package struct LongWork {
  package struct Run: Sendable {
    package var task: Int
    package var isDescribed: Bool
    package var isComplete: Bool
    /// Actions that a clerk who errs nowhere needs for the writes alone.
    package var steps: Int
    package var actions: Int
    package var seconds: Double
    /// Letters of the descriptions that it was told.
    package var letters: Int
  }

  private let tasks: Int

  package init(tasks: Int) { self.tasks = tasks }

  /// A task: families in turn, as little work as is fourteen steps.
  static func task(_ number: Int) -> PortalTask {
    let families = PortalTask.Family.allCases
    let family = families[number % families.count]
    return PortalTask.make(
      family, count: family == .onboard || family == .offboard ? 1 : 3, seed: 5_000_000 + UInt64(number),
      difficulty: .init(interruptions: 2))
  }

  /// - Parameters:
  ///   - hands: makes the agent's hands for a task.
  ///   - sandbox: of real browsers; nil for their double.
  ///   - overseer: makes the Guardian's model for a ticket; nil without one.
  ///   - watcher: told of each task in words.
  package func run(
    hands: () throws -> any Hands, sandbox: Sandbox?, overseer: ((TicketText) throws -> any Overseer)?,
    watcher: (String) -> Void = { _ in }
  ) throws -> [Run] {
    try (0..<tasks).flatMap { number in
      // Which comes first changes from task to task.
      try [number % 2 == 0, number % 2 == 1].map { isDescribed in
        let task = Self.task(number)
        var setting = Workday.Setting()
        setting.overseer = overseer
        setting.describesScreens = isDescribed
        let day = try Workday(task, hands: hands(), sandbox: sandbox, setting: setting)
        watcher("task \(number + 1) of \(tasks), \(isDescribed ? "described" : "seen"): \(day.isComplete)")
        return Run(
          task: number, isDescribed: isDescribed, isComplete: day.isComplete, steps: day.shortest,
          actions: day.report.actions, seconds: day.report.seconds, letters: day.lettersDescribed)
      }
    }
  }
}
