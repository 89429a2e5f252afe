internal import Glibc
internal import SpudErrors
internal import SpudSupport
internal import SpudTensors

/// Messages to and from a program: JSON with a separator behind each, over one stream that it finds under two numbers.
/// A browser's are 3 and 4, and its separator is NUL.
final class BrowserPipe {
  private let stream: Descriptor
  private let process: ChildProcess
  private var buffer: [UInt8] = []
  private var searched = 0
  private var block = [UInt8](repeating: 0, count: 1 << 18)

  private let separator: UInt8

  init(
    _ program: String, _ arguments: [String], as numbers: (input: Int32, output: Int32) = (3, 4), separator: UInt8 = 0
  ) throws {
    self.separator = separator
    let (ours, theirs) = try Descriptor.pair()
    let null = try Descriptor.null()
    process = try ChildProcess(
      program, arguments,
      descriptors: (0...2).filter { $0 != numbers.input && $0 != numbers.output }.map { (null, as: $0) }
        + [(theirs, as: numbers.input), (theirs, as: numbers.output)])
    theirs.close()
    stream = ours
  }

  /// Kills the browser.
  func close() {
    process.end()
    stream.close()
  }

  /// The browser's process group, for tests that end it.
  var group: Int32 { process.identifier }

  /// - Throws: `BrowserLost`.
  func send(_ message: JSONValue, until deadline: ContinuousClock.Instant) throws {
    let bytes = message.serialized + [separator]
    var offset = 0
    while offset < bytes.count {
      let ready = try wait(for: Int16(POLLOUT | POLLIN), until: deadline)
      // What the browser has to say is taken meanwhile: it may not read before it has said it.
      if ready & Int16(POLLIN) != 0 { try take() }
      guard ready & Int16(POLLOUT) != 0 else { continue }
      let rest = bytes[offset...]
      // SAFETY: `send` reads at most the count of the buffer.
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.send(stream.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count > 0 else { throw BrowserLost(reason: "it no longer reads: \(Descriptor.reason(errno))") }
      offset += count
    }
  }

  /// The next message; nil where none came before `deadline` and `mayLack`.
  /// - Throws: `BrowserLost`.
  func receive(until deadline: ContinuousClock.Instant, mayLack: Bool = false) throws -> JSONValue? {
    while true {
      if let end = buffer[searched...].firstIndex(of: separator) {
        let message = Array(buffer[..<end])
        buffer.removeSubrange(...end)
        searched = 0
        do {
          return try JSONValue(parsing: message, name: "its message")
        } catch let error as SpudError {
          throw BrowserLost(reason: error.message)
        }
      }
      searched = buffer.count
      if mayLack, ContinuousClock.now >= deadline { return nil }
      guard try wait(for: Int16(POLLIN), until: deadline, mayLack: mayLack) != 0 else { return nil }
      try take()
    }
  }

  private func take() throws {
    let size = block.count
    // SAFETY: `recv` writes at most the count of the buffer.
    let count = unsafe block.withUnsafeMutableBytes {
      unsafe recv(stream.number, $0.baseAddress, size, Int32(MSG_DONTWAIT))
    }
    if count < 0, errno == EINTR || errno == EAGAIN { return }
    guard count > 0 else { throw BrowserLost(reason: "it has ended") }
    guard buffer.count + count < 256 << 20 else { throw BrowserLost(reason: "a message of more than 256 MiB") }
    buffer += block[..<count]
  }

  /// Waits for the stream; what it is ready for.
  private func wait(
    for events: Int16, until deadline: ContinuousClock.Instant, mayLack: Bool = false
  ) throws -> Int16 {
    while true {
      let left = (deadline - .now) / .microseconds(1)
      guard left > 0 else {
        if mayLack { return 0 }
        throw BrowserLost(reason: "it did not answer in time")
      }
      var request = pollfd(fd: stream.number, events: events, revents: 0)
      // SAFETY: `poll` reads and writes one request.
      let found = unsafe poll(&request, 1, Int32(min(left / 1_000, 1_000)) + 1)
      guard found > 0 else { continue }
      // An end of the stream shows when it is read.
      return request.revents & Int16(POLLHUP | POLLERR) != 0 ? Int16(POLLIN) : request.revents
    }
  }
}
