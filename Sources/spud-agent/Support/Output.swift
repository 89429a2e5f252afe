internal import Foundation
internal import SpudErrors
internal import SpudSupport
internal import SpudTensors

/// Standard output and standard error.
enum Output {
  static let inputIsTerminal = isatty(0) == 1

  /// - Throws: `io` where the reader has gone away.
  static func line(_ text: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((TerminalText.withoutControls(text) + "\n").utf8))
    } catch {
      throw SpudError(.io, "standard output could not be written")
    }
  }

  static func json(_ members: [(String, JSONValue)]) throws {
    let object = JSONValue.object(JSONObject([("schema", .number(1))] + members))
    try line(String(decoding: object.serialized, as: UTF8.self))
  }

  /// More threads than processors only wait for each other; a few are let pass.
  /// - Throws: `usage`.
  static func check(threads: Int) throws {
    let most = 4 * ProcessInfo.processInfo.activeProcessorCount
    guard (1...most).contains(threads) else {
      throw SpudError(.usage, "--threads is \(threads), expected 1 to \(most), four times the processors")
    }
  }

  /// A line about the work. A failure to write it is nothing that could be reported anywhere.
  static func report(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data((TerminalText.withoutControls(text) + "\n").utf8))
  }

  /// Whether a person answers a question with yes, before the work is interrupted.
  static func confirm(_ question: String, unless interrupt: Interrupt) -> Bool {
    let text = TerminalText.withoutControls(question, isOneLine: true)
    try? FileHandle.standardError.write(contentsOf: Data("\(text) [y/N] ".utf8))
    while !Descriptor.hasInput(0, within: .milliseconds(100)) {
      if interrupt.isPending {
        report("")
        return false
      }
    }
    let answer = readLine()?.lowercased() ?? ""
    return answer == "y" || answer == "yes"
  }
}
