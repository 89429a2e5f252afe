internal import Glibc
internal import SpudErrors
internal import SpudSupport

/// A program run to its end in a sandbox, under limits of time and output.
package struct SandboxedProgram: Sendable {
  package enum Ending: Sendable, Equatable {
    case exited(Int32)
    case killed(signal: Int32)
    case ranTooLong
    case wroteTooMuch
    case interrupted
  }

  package struct Result: Sendable {
    package let ending: Ending
    /// What it wrote to its standard output and error, as it came, up to the limit.
    package let output: String
  }

  private let sandbox: Sandbox
  private let command: [String]
  private let folders: [Sandbox.Folder]
  private let directory: String
  private let input: [UInt8]
  private let seconds: Double
  private let outputBytes: Int
  private let memoryBytes: Int

  /// - Parameters:
  ///   - command: an absolute path, as it is inside, and its arguments.
  ///   - folders: what it sees besides `/usr`.
  ///   - directory: where it starts, inside.
  ///   - input: what it reads from its standard input.
  ///   - seconds: until it and all that it started are killed.
  ///   - outputBytes: at which they are.
  ///   - memoryBytes: of address space that one process may take.
  package init(
    _ sandbox: Sandbox, run command: [String], folders: [Sandbox.Folder] = [], directory: String = "/tmp",
    input: [UInt8] = [], seconds: Double, outputBytes: Int = 1 << 20, memoryBytes: Int = 4 << 30
  ) {
    self.sandbox = sandbox
    self.command = command
    self.folders = folders
    self.directory = directory
    self.input = input
    self.seconds = seconds
    self.outputBytes = outputBytes
    self.memoryBytes = memoryBytes
  }

  /// - Parameter isInterrupted: asked now and then; ends the program, and all that it started.
  /// - Throws: `io` where it could not be started.
  package func result(isInterrupted: () -> Bool = { false }) throws -> Result {
    let deadline = ContinuousClock.now + .seconds(seconds)
    let (output, childOutput) = try Descriptor.pair()
    let stdin = try input.isEmpty ? Descriptor.null() : Descriptor.temporary(holding: input)
    let limits = ["/usr/bin/prlimit", "--as=\(memoryBytes)", "--fsize=\(1 << 30)", "--core=0", "--"]
    let process = try ChildProcess(
      sandbox.program, sandbox.arguments(folders: folders, directory: directory) + limits + command,
      descriptors: [(stdin, as: 0), (childOutput, as: 1), (childOutput, as: 2)])
    childOutput.close()
    var bytes: [UInt8] = []
    var ending = drain(output, until: deadline, into: &bytes, isInterrupted)
    while ending == nil {
      switch process.poll() {
      case .exited(let status): ending = .exited(status)
      case .killed(let signal): ending = .killed(signal: signal)
      case nil where isInterrupted(): ending = .interrupted
      case nil where ContinuousClock.now >= deadline: ending = .ranTooLong
      case nil: usleep(1_000)
      }
    }
    process.end()
    return Result(ending: ending ?? .ranTooLong, output: String(decoding: bytes, as: UTF8.self))
  }

  /// Keeps the output until it ends; the limit that was hit, or nil at its end.
  private func drain(
    _ output: Descriptor, until deadline: ContinuousClock.Instant, into bytes: inout [UInt8],
    _ isInterrupted: () -> Bool
  ) -> Ending? {
    while true {
      let isAtEnd = output.drain(until: min(deadline, .now + .milliseconds(100))) { more in
        bytes += more.prefix(outputBytes - bytes.count)
        return bytes.count < outputBytes
      }
      if bytes.count >= outputBytes { return .wroteTooMuch }
      if isAtEnd { return nil }
      if isInterrupted() { return .interrupted }
      if ContinuousClock.now >= deadline { return .ranTooLong }
    }
  }
}
