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
  /// One sentence, naming the file, the thing, what was found and what was expected; at most `longestMessage` scalars.
  public let message: String

  /// `message` may quote input of any length: the middle of one that is too long is left out.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = Self.abbreviated(message)
  }

  /// Unicode scalars of a message.
  public static let longestMessage = 1000

  /// `text`, or its first three fifths of `longestMessage` and what fits of its end.
  public static func abbreviated(_ text: String) -> String {
    // A scalar is a byte at least, so most texts are seen to be short enough without being read.
    guard text.utf8.count > longestMessage, text.unicodeScalars.count > longestMessage else { return text }
    let mark = " … "
    let start = longestMessage * 3 / 5
    let end = longestMessage - start - mark.unicodeScalars.count
    return String(text.unicodeScalars.prefix(start)) + mark + String(text.unicodeScalars.suffix(end))
  }

  public var description: String { message }
}
