internal import Foundation
internal import SpudErrors
internal import Synchronization

/// Standard output and standard error, and what may be shown on them.
///
/// Data go to standard output; everything that is said about the work goes to standard error, and progress
/// only when a person is watching.
enum Terminal {
  /// Whether standard error is a terminal, so that a line on it may be rewritten.
  static let showsProgress = isatty(2) == 1 && environment["TERM"] != "dumb"
  /// Whether standard output is a terminal, so that binary data must not go there unasked.
  static let outputIsTerminal = isatty(1) == 1
  /// Whether standard input is a terminal, so that nothing waits there to be read.
  static let inputIsTerminal = isatty(0) == 1
  /// Whether standard error may be coloured (https://no-color.org).
  static let usesColour = showsProgress && (environment["NO_COLOR"] ?? "").isEmpty

  static let environment = ProcessInfo.processInfo.environment

  /// Writes text to standard output at once, without a newline of its own.
  ///
  /// - Throws: `SpudError` (`io`) when the reader has gone away or the disk is full.
  static func write(_ text: String) throws {
    try write(bytes: Array(text.utf8))
  }

  /// Writes one line to standard output.
  static func writeLine(_ line: String) throws {
    try write(line + "\n")
  }

  /// Writes bytes to standard output.
  static func write(bytes: [UInt8]) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(bytes))
    } catch {
      throw SpudError(.io, "standard output could not be written")
    }
  }

  /// - Throws: `SpudError` (`usage`) when `path` is `-` and standard output is a terminal, which bytes would fill.
  static func checkBinary(_ path: String?) throws {
    guard path == "-", outputIsTerminal else { return }
    throw SpudError(.usage, "this would fill the terminal with bytes: name a file, or send it into a pipe")
  }

  /// Reads all of standard input.
  ///
  /// - Throws: `SpudError` (`badData`) when there are more than `limit` bytes, (`io`) when it cannot be read.
  static func readInput(limit: Int = 64 << 20) throws -> [UInt8] {
    var bytes: [UInt8] = []
    do {
      while let chunk = try FileHandle.standardInput.read(upToCount: 1 << 16), !chunk.isEmpty {
        guard bytes.count + chunk.count <= limit else {
          throw SpudError(.badData, "standard input holds more than \(limit) bytes, which is the limit")
        }
        bytes += chunk
      }
    } catch let error as SpudError {
      throw error
    } catch {
      throw SpudError(.io, "standard input could not be read")
    }
    return bytes
  }

  /// Prints a line about the work on standard error.
  static func report(_ line: String) {
    write(toErrors: line + "\n")
  }

  /// Prints a sentence about the answer or the question on standard error.
  static func remark(_ sentence: String) {
    report("remark: \(SpudError.abbreviated(sentence))")
  }

  /// Writes text to standard error. A failure to write about the work is nothing that could be reported anywhere.
  static func write(toErrors text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// `text` in faint type where colour is welcome, otherwise as it is.
  static func faint(_ text: String) -> String {
    usesColour ? "\u{1B}[2m\(text)\u{1B}[0m" : text
  }
}
