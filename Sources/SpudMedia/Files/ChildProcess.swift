import Glibc
import SpudErrors
import SpudSupport

/// Another program, run to its end under limits, with bytes in and bytes out.
///
/// Spawned directly: no shell sees the arguments. Its input is an unnamed temporary file, because decoders need
/// to seek; its messages go to another, so that only one stream has to be drained.
struct ChildProcess {
  /// An absolute path.
  var program: String
  var arguments: [String]
  /// Seconds until it is killed.
  var seconds: Double
  /// Bytes of output at which it is killed.
  var outputBytes: Int

  enum Ending: Equatable {
    case exited(status: Int32)
    case killed(signal: Int32)
    case ranTooLong
    case wroteTooMuch
  }

  struct Result {
    var ending: Ending
    /// The start of what it wrote to its standard error.
    var messages: String
  }

  /// The program of that name in the first of the directories of `searchPath`, separated by colons, that has it.
  static func find(_ name: String, in searchPath: String) -> String? {
    searchPath.split(separator: ":").lazy
      .filter { $0.hasPrefix("/") }
      .map { "\($0)/\(name)" }
      .first { isProgram($0) }
  }

  /// Runs the program.
  ///
  /// - Parameters:
  ///   - input: what it finds in `/dev/stdin`.
  ///   - receive: takes its output, piece by piece. An error that it throws ends the program.
  /// - Throws: `io` or `internal` if the program cannot be started, and whatever `receive` throws.
  func run(input: [UInt8], receive: (ArraySlice<UInt8>) throws -> Void) throws -> Result {
    let deadline = ContinuousClock.now + .seconds(seconds)
    let source = try Descriptor.temporary(holding: input)
    let messages = try Descriptor.temporary(holding: [])
    let (output, childOutput) = try Descriptor.pair()
    let process = try spawn(input: source, output: childOutput, messages: messages)
    childOutput.close()

    var ending: Ending?
    do {
      ending = try drain(output, until: deadline, receive)
      if ending == nil { ending = wait(process, until: deadline) }
    } catch {
      end(process)
      throw error
    }
    if ending == .ranTooLong || ending == .wroteTooMuch { end(process) }
    return Result(ending: ending ?? .ranTooLong, messages: messages.start(4_096))
  }

  private static func isProgram(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
  }
}

// MARK: - System calls

extension ChildProcess {
  /// Starts the program with three descriptors, a small environment and the default signal handling.
  private func spawn(input: Descriptor, output: Descriptor, messages: Descriptor) throws -> pid_t {
    var environment = ["LC_ALL=C"]
    // SAFETY: `getenv` returns nil or a terminated string, copied at once.
    if let libraries = unsafe getenv("LD_LIBRARY_PATH") {
      unsafe environment.append("LD_LIBRARY_PATH=\(String(cString: libraries))")
    }
    return try ProgramCalls.spawn(
      program, arguments: arguments, environment: environment,
      descriptors: [
        (input.number, as: STDIN_FILENO), (output.number, as: STDOUT_FILENO), (messages.number, as: STDERR_FILENO),
      ], leadsGroup: false)
  }

  /// Hands the child's output on until it ends.
  ///
  /// - Returns: nil at its end, otherwise the limit that was hit.
  private func drain(
    _ output: Descriptor, until deadline: ContinuousClock.Instant, _ receive: (ArraySlice<UInt8>) throws -> Void
  ) throws -> Ending? {
    var total = 0
    let isInTime = try output.drain(until: deadline) { bytes in
      total += bytes.count
      guard total <= outputBytes else { return false }
      try receive(bytes)
      return true
    }
    return total > outputBytes ? .wroteTooMuch : isInTime ? nil : .ranTooLong
  }

  /// Waits for a child that has closed its output.
  private func wait(_ process: pid_t, until deadline: ContinuousClock.Instant) -> Ending {
    var status: Int32 = 0
    while true {
      let ended = unsafe waitpid(process, &status, WNOHANG)
      if ended == process { break }
      // Someone else may have collected the child, if the whole program ignores SIGCHLD.
      if ended < 0, errno != EINTR { return .exited(status: 0) }
      guard ContinuousClock.now < deadline else { return .ranTooLong }
      usleep(1_000)
    }
    let signal = status & 0x7F
    return signal == 0 ? .exited(status: status >> 8 & 0xFF) : .killed(signal: signal)
  }

  /// Kills the child and collects it.
  private func end(_ process: pid_t) {
    kill(process, SIGKILL)
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
  }
}
