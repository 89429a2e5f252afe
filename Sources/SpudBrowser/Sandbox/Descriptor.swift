internal import Glibc
internal import SpudErrors

/// A file descriptor with one owner, closed at the end and in programs that are started.
final class Descriptor {
  let number: Int32
  private var isOpen = true

  /// Moved above what a child's own are put on: its numbers would be overwritten while they are arranged.
  init(_ given: Int32) {
    number = fcntl(given, F_DUPFD_CLOEXEC, 64)
    Glibc.close(given)
  }

  deinit { close() }

  func close() {
    if isOpen, number >= 0 { Glibc.close(number) }
    isOpen = false
  }

  /// Two ends of a stream in both directions.
  static func pair() throws -> (Descriptor, Descriptor) {
    var ends: [Int32] = [-1, -1]
    // SAFETY: `socketpair` writes two numbers, which the array holds.
    guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw SpudError(.io, "no pipe could be made for another program: \(reason(errno))")
    }
    return (Descriptor(ends[0]), Descriptor(ends[1]))
  }

  static func null() throws -> Descriptor {
    // SAFETY: the path is a terminated literal.
    let number = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
    guard number >= 0 else { throw SpudError(.io, "/dev/null cannot be opened: \(reason(errno))") }
    return Descriptor(number)
  }

  static func reason(_ code: Int32) -> String {
    // SAFETY: strerror returns a terminated string, copied before anything else can change it.
    unsafe String(cString: strerror(code)).lowercased()
  }
}
