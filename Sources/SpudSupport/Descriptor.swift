internal import Glibc
package import SpudErrors

/// A file descriptor with one owner, closed at the end and in programs that are started.
package final class Descriptor {
  package let number: Int32
  private var isOpen = true

  /// Moved above what a child's own are put on: its numbers would be overwritten while they are arranged.
  package init(_ given: Int32) {
    number = fcntl(given, F_DUPFD_CLOEXEC, 64)
    Glibc.close(given)
  }

  deinit { close() }

  package func close() {
    if isOpen, number >= 0 { Glibc.close(number) }
    isOpen = false
  }

  /// Two ends of a stream in both directions. A socket pair, because it can be marked close-on-exec as it is made.
  package static func pair() throws(SpudError) -> (Descriptor, Descriptor) {
    var ends: [Int32] = [-1, -1]
    // SAFETY: `socketpair` writes two numbers, which the array holds.
    guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw SpudError(.io, "no pipe could be made for another program: \(reason(errno))")
    }
    return (Descriptor(ends[0]), Descriptor(ends[1]))
  }

  package static func null() throws(SpudError) -> Descriptor {
    // SAFETY: the path is a terminated literal.
    let number = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
    guard number >= 0 else { throw SpudError(.io, "/dev/null cannot be opened: \(reason(errno))") }
    return Descriptor(number)
  }

  /// A file without a name, rewound to its start.
  package static func temporary(holding bytes: [UInt8]) throws -> Descriptor {
    // SAFETY: `getenv` returns nil or a terminated string, copied at once.
    let directory = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    let path = "\(directory)/spud-\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
    let number = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard number >= 0 else { throw SpudError(.io, "\(path): \(reason(errno))") }
    unsafe unlink(path)
    let file = Descriptor(number)
    // SAFETY: every bit pattern of the span's bytes is initialized.
    try unsafe AtomicFile.write(bytes.span.bytes, to: file.number, named: path)
    guard lseek(file.number, 0, SEEK_SET) == 0 else { throw SpudError(.io, "\(path): \(reason(errno))") }
    return file
  }

  /// The first bytes of a file, as text.
  package func start(_ limit: Int) -> String {
    var bytes = [UInt8](repeating: 0, count: limit)
    // SAFETY: `pread` writes at most `limit` bytes, the count of the array.
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(number, $0.baseAddress, limit, 0) }
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }

  /// Reads a stream until it ends.
  ///
  /// - Parameter receive: Takes each piece, and says whether to go on.
  /// - Returns: Whether the stream came to its end, or `receive` ended it, before the deadline.
  package func drain(
    until deadline: ContinuousClock.Instant, _ receive: (ArraySlice<UInt8>) throws -> Bool
  ) rethrows -> Bool {
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let left = (deadline - .now) / .milliseconds(1)
      guard left > 0 else { return false }
      var request = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
      guard unsafe poll(&request, 1, Int32(min(left, 1_000)) + 1) > 0 else { continue }
      let size = block.count
      // SAFETY: `read` writes at most the count of the buffer.
      let count = unsafe block.withUnsafeMutableBytes { unsafe read(number, $0.baseAddress, size) }
      if count < 0, errno == EINTR { continue }
      guard count > 0, try receive(block[..<count]) else { return true }
    }
  }

  /// Whether something can be read of a descriptor, or its end has come, within so long.
  package static func hasInput(_ number: Int32, within duration: Duration) -> Bool {
    var request = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    // SAFETY: `poll` reads and writes one request.
    return unsafe poll(&request, 1, Int32(duration / .milliseconds(1))) > 0
  }

  package static func reason(_ code: Int32) -> String {
    // SAFETY: strerror returns a terminated string, copied before anything else can change it.
    unsafe String(cString: strerror(code)).lowercased()
  }
}
