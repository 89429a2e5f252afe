/// Something a person can mend: what was given, what was found in it, and what was expected.
///
/// Every failure that input can cause reaches the command line as one of these, so that it
/// ends as one sentence and one exit code. Misuse of an API by our own code traps instead.
public struct SpudError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of failure; raw values are the process's exit codes, after BSD's `sysexits.h`.
  public enum Code: Int32, Sendable {
    /// The command was used wrongly.
    case usage = 64
    /// The input is there, but what it holds is wrong.
    case badData = 65
    /// The input is not there, or cannot be opened.
    case noInput = 66
    /// Something that the request needs is not installed.
    case unavailable = 69
    /// Our own fault.
    case `internal` = 70
    /// Reading or writing failed half-way.
    case io = 74
  }

  public let code: Code
  /// One sentence, naming the file, the thing, what was found and what was expected.
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
