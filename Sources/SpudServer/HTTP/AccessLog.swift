#if Server
internal import Foundation
internal import Synchronization

/// A line for each request on standard error: what was asked for and how it went, never what was said.
struct AccessLog: Sendable {
  let isQuiet: Bool

  struct Entry: Sendable {
    var method = ""
    var path = ""
    var status = 0
    var tenant = ""
    var id = ""
    var duration = Duration.zero
    /// Why it ended early, if it did.
    var note = ""
  }

  func record(_ entry: Entry) {
    guard !isQuiet else { return }
    let milliseconds =
      entry.duration.components.seconds * 1000 + entry.duration.components.attoseconds / 1_000_000_000_000_000
    let parts = [
      Date.now.formatted(.iso8601), entry.method, Self.printable(entry.path), "\(entry.status)", "\(milliseconds)ms",
      entry.id, entry.tenant, entry.note,
    ]
    Self.say(parts.filter { !$0.isEmpty }.joined(separator: " "))
  }

  /// A line on standard error, or nothing where nobody reads it any more.
  static func say(_ line: String) {
    lock.withLock { _ in try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8)) }
  }

  private static let lock = Mutex(())

  /// A path as it can stand in a line: the query, which may hold anything, is left out.
  private static func printable(_ path: String) -> String {
    String(
      path.prefix { $0 != "?" }.prefix(200).map {
        $0.isASCII && $0.isLetter || $0.isNumber || "/._-".contains($0) ? $0 : "?"
      })
  }
}
#endif
