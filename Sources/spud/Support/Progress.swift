internal import Foundation
internal import Synchronization

/// One line on standard error that shows that work goes on, and how far it is; silent when nobody is watching.
///
/// Nothing is drawn in the first half second, so quick work does not flicker. From then on the line is drawn, and drawn
/// anew four times a second, whether or not the work says how far it is: the seconds tell that it goes on.
final class Progress: Sendable {
  private struct State {
    var fraction: Double?
    var isDrawn = false
    var isOver = false
  }

  /// How long work goes on unseen.
  static let patience = Duration.milliseconds(500)

  private let label: String
  private let start = ContinuousClock.now
  private let state = Mutex(State())
  private let write: @Sendable (String) -> Void

  /// - Parameters:
  ///   - isShown: Whether somebody is watching.
  ///   - write: Where the line goes.
  init(
    _ label: String, isShown: Bool = Terminal.showsProgress,
    write: @escaping @Sendable (String) -> Void = { Terminal.write(toErrors: $0) }
  ) {
    self.label = label
    self.write = write
    guard isShown else {
      state.withLock { $0.isOver = true }
      return
    }
    Task.detached { [weak self] in
      while let self, !self.state.withLock({ $0.isOver }) {
        self.draw()
        try? await Task.sleep(for: .milliseconds(250))
      }
    }
  }

  /// Shows that `fraction` of the work, 0…1, is done.
  func update(_ fraction: Double) {
    guard fraction.isFinite else { return }
    let fraction = min(max(fraction, 0), 1)
    let isNews = state.withLock { state in
      defer { state.fraction = fraction }
      return Int(fraction * 100) != Int((state.fraction ?? 0) * 100)
    }
    if isNews { draw() }
  }

  /// Takes the line away again.
  func finish() {
    let wasDrawn = state.withLock { state in
      defer { (state.isOver, state.isDrawn) = (true, false) }
      return state.isDrawn
    }
    if wasDrawn { write("\r\u{1B}[K") }
  }

  /// Does work that does not say how far it is.
  static func during<Result>(_ label: String, _ work: () throws -> Result) rethrows -> Result {
    let progress = Progress(label)
    defer { progress.finish() }
    return try work()
  }

  private func draw() {
    let elapsed = start.duration(to: .now)
    guard elapsed >= Self.patience else { return }
    state.withLock { state in
      guard !state.isOver else { return }
      state.isDrawn = true
      write("\r\(Terminal.faint(Self.line(label, fraction: state.fraction, elapsed: elapsed)))\u{1B}[K")
    }
  }

  /// `loading spud-nano ━━━━━                40 %, 3 s`
  static func line(_ label: String, fraction: Double?, elapsed: Duration) -> String {
    let seconds = elapsed.components.seconds
    guard let fraction else { return "\(label) …, \(seconds) s" }
    let percent = Int((fraction * 100).rounded(.down))
    let filled = percent / 5
    let bar = String(repeating: "━", count: filled) + String(repeating: " ", count: 20 - filled)
    return "\(label) \(bar) \(percent) %, \(seconds) s"
  }
}
