/// The time, as something that can be given: the machine's monotonic clock, or a script.
package struct Stopwatch: Sendable {
  /// Seconds since a moment that stays the same.
  package let now: @Sendable () -> Double

  package init(now: @escaping @Sendable () -> Double) {
    self.now = now
  }

  /// The machine's monotonic clock.
  package static let continuous: Stopwatch = {
    let origin = ContinuousClock.now
    return Stopwatch { (ContinuousClock.now - origin) / .seconds(1) }
  }()
}
