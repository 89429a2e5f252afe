internal import SpudErrors
package import SpudTensors

/// A program in a sandbox that is spoken with in lines of JSON, over its standard input and output, until it is closed.
package final class SandboxedSession {
  private let pipe: BrowserPipe
  private let name: String

  /// - Parameters:
  ///   - command: an absolute path, as it is inside, and its arguments.
  ///   - folders: what it sees besides `/usr`.
  ///   - directory: where it starts, inside.
  /// - Throws: `io` where it could not be started.
  package init(
    _ sandbox: Sandbox, run command: [String], folders: [Sandbox.Folder] = [], directory: String = "/tmp"
  ) throws {
    name = command.joined(separator: " ")
    pipe = try BrowserPipe(
      sandbox.program, sandbox.arguments(folders: folders, directory: directory) + command, as: (0, 1),
      separator: UInt8(ascii: "\n"))
  }

  /// - Throws: `unavailable` where it does not read within `seconds`.
  package func send(_ message: JSONValue, within seconds: Double) throws {
    try told { try pipe.send(message, until: .now + .seconds(seconds)) }
  }

  /// The next line.
  /// - Throws: `unavailable` where none comes in time, or what comes is no JSON.
  package func receive(until deadline: ContinuousClock.Instant) throws -> JSONValue {
    try told { try pipe.receive(until: deadline) } ?? .null
  }

  /// Kills the program and all that it started.
  package func close() { pipe.close() }

  private func told<T>(_ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let lost as BrowserLost {
      throw SpudError(.unavailable, "\(name): \(lost.reason)")
    }
  }
}
