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
    var block = [UInt8](repeating: 0, count: 1 << 16)
    var total = 0
    while true {
      let left = (deadline - .now) / .milliseconds(1)
      guard left > 0 else { return .ranTooLong }
      var request = pollfd(fd: output.number, events: Int16(POLLIN), revents: 0)
      guard unsafe poll(&request, 1, Int32(min(left, 1_000)) + 1) > 0 else { continue }
      let size = block.count
      // SAFETY: `read` writes at most the count of the buffer.
      let count = unsafe block.withUnsafeMutableBytes { unsafe read(output.number, $0.baseAddress, size) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      total += count
      guard total <= outputBytes else { return .wroteTooMuch }
      try receive(block[..<count])
    }
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

/// A file descriptor with one owner.
private final class Descriptor {
  let number: Int32
  private var isOpen = true

  /// A number below 3 is exchanged: a program started without standard streams hands those out again, and they would
  /// be overwritten while a child's are arranged.
  private init(_ given: Int32) {
    guard given < 3 else {
      number = given
      return
    }
    number = fcntl(given, F_DUPFD_CLOEXEC, 3)
    Glibc.close(given)
  }

  deinit { close() }

  func close() {
    if isOpen { Glibc.close(number) }
    isOpen = false
  }

  /// A file without a name, rewound to its start.
  static func temporary(holding bytes: [UInt8]) throws -> Descriptor {
    // SAFETY: `getenv` returns nil or a terminated string, copied at once.
    let directory = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    let path = "\(directory)/spud-\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
    let number = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard number >= 0 else { throw SpudError(.io, "\(path): \(MediaFile.reason(errno))") }
    unsafe unlink(path)
    let file = Descriptor(number)
    // SAFETY: every bit pattern of the span's bytes is initialized.
    try unsafe AtomicFile.write(bytes.span.bytes, to: file.number, named: path)
    guard lseek(file.number, 0, SEEK_SET) == 0 else { throw SpudError(.io, "\(path): \(MediaFile.reason(errno))") }
    return file
  }

  /// Two ends of a stream. A socket pair, because it can be marked close-on-exec as it is made.
  static func pair() throws -> (Descriptor, Descriptor) {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else {
      throw SpudError(.io, "no pipe could be made for a child process: \(MediaFile.reason(errno))")
    }
    return (Descriptor(ends[0]), Descriptor(ends[1]))
  }

  /// The first bytes of the file, as text.
  func start(_ limit: Int) -> String {
    var bytes = [UInt8](repeating: 0, count: limit)
    // SAFETY: `pread` writes at most `limit` bytes, the count of the array.
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(number, $0.baseAddress, limit, 0) }
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }
}
