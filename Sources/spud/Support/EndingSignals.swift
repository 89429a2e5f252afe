internal import Dispatch
internal import Foundation

/// Says a last sentence when the process is told to end, instead of ending without a word.
///
/// SIGINT, SIGTERM and SIGHUP still end it, with the exit code that a shell reports for them. SIGPIPE is ignored: a
/// reader of standard error that goes away must not end hours of work, and writing to standard output then fails with
/// an error that is reported like any other.
final class EndingSignals {
  private static let names: [(number: Int32, name: String)] = [
    (SIGINT, "SIGINT"), (SIGTERM, "SIGTERM"), (SIGHUP, "SIGHUP"),
  ]

  private let sources: [any DispatchSourceSignal]

  /// - Parameter last: Called with the signal's name before the process ends, on a thread of its own.
  init(last: @escaping @Sendable (String) -> Void) {
    signal(SIGPIPE, SIG_IGN)
    // What was ignored from the start (`nohup`) stays ignored.
    let ignored = Self.ignored
    sources = Self.names.filter { ignored & (1 << UInt64($0.number - 1)) == 0 }.map { number, name in
      // The default action would end the process before the source sees the signal.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        last(name)
        exit(128 + number)
      }
      source.resume()
      return source
    }
  }

  /// The signals that this process was started to ignore, as a mask: a bit a signal, the first for number 1.
  private static var ignored: UInt64 {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") }
    return line?.split(whereSeparator: \.isWhitespace).last.flatMap { UInt64($0, radix: 16) } ?? 0
  }

  /// Gives the signals their usual meaning back.
  func release() {
    for source in sources { source.cancel() }
    for (number, _) in Self.names { signal(number, SIG_DFL) }
  }
}
