internal import Foundation
internal import SpudErrors
internal import SpudTensors

/// Standard output and standard error.
enum Output {
  static let inputIsTerminal = isatty(0) == 1

  /// - Throws: `io` where the reader has gone away.
  static func line(_ text: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    } catch {
      throw SpudError(.io, "standard output could not be written")
    }
  }

  static func json(_ members: [(String, JSONValue)]) throws {
    let object = JSONValue.object(JSONObject([("schema", .number(1))] + members))
    try line(String(decoding: object.serialized, as: UTF8.self))
  }

  /// A line about the work. A failure to write it is nothing that could be reported anywhere.
  static func report(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
  }

  /// Whether a person answers a question with yes.
  static func confirm(_ question: String) -> Bool {
    try? FileHandle.standardError.write(contentsOf: Data("\(question) [y/N] ".utf8))
    let answer = readLine()?.lowercased() ?? ""
    return answer == "y" || answer == "yes"
  }
}
