import Synchronization
import Testing

@testable import spud

@Suite("Progress on a terminal")
struct ProgressTests {
  private final class Screen: Sendable {
    private let lines = Mutex<[String]>([])
    var text: String { lines.withLock { $0.joined() } }
    func write(_ text: String) { lines.withLock { $0.append(text) } }
  }

  @Test("work that says nothing is seen to go on after half a second, and taken away at its end")
  func goesOn() async throws {
    let screen = Screen()
    let start = ContinuousClock.now
    let progress = Progress("loading x", isShown: true) { screen.write($0) }
    progress.update(0)
    // A busy machine may be that slow.
    if start.duration(to: .now) < Progress.patience { #expect(screen.text.isEmpty) }
    for _ in 0..<200 where screen.text.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
    #expect(screen.text.contains("loading x                      0 %, "))
    progress.update(0.5)
    #expect(screen.text.contains("━━━━━━━━━━           50 %"))
    progress.finish()
    #expect(screen.text.hasSuffix("\r\u{1B}[K"))
    let length = screen.text.count
    try await Task.sleep(for: .milliseconds(600))
    #expect(screen.text.count == length)
  }

  @Test("nobody watches: nothing is drawn")
  func silent() async throws {
    let screen = Screen()
    let progress = Progress("loading", isShown: false) { screen.write($0) }
    try await Task.sleep(for: .milliseconds(700))
    progress.update(0.7)
    progress.finish()
    #expect(screen.text.isEmpty)
  }

  @Test("the line says what, how far and how long")
  func line() {
    #expect(Progress.line("reading", fraction: nil, elapsed: .seconds(3)) == "reading …, 3 s")
    #expect(
      Progress.line("reading", fraction: 0.25, elapsed: .milliseconds(1900))
        == "reading ━━━━━                25 %, 1 s")
  }
}
