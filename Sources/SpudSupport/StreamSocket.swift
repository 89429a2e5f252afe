internal import Glibc
internal import SpudErrors

/// A connection over TCP on this machine, or something that waits for one, with a deadline on whatever takes time.
package final class StreamSocket: Sendable {
  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Waits for connections on the loopback address.
  ///
  /// - Parameter port: 0 for one that is free.
  /// - Throws: `io` where the port is taken.
  package static func listener(port: UInt16) throws -> StreamSocket {
    let socket = try make()
    var yes: Int32 = 1
    // SAFETY: the option is a number that lives for the call.
    unsafe setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    try unsafe withAddress(port) { address, length in
      guard unsafe bind(socket.descriptor, address, length) == 0, listen(socket.descriptor, 16) == 0 else {
        throw SpudError(.io, "127.0.0.1:\(port): \(reason())")
      }
    }
    return socket
  }

  /// Connects to a port of this machine.
  package static func connection(toPort port: UInt16) throws -> StreamSocket {
    let socket = try make()
    try unsafe withAddress(port) { address, length in
      guard unsafe connect(socket.descriptor, address, length) == 0 else {
        throw SpudError(.unavailable, "127.0.0.1:\(port): \(reason())")
      }
    }
    return socket
  }

  /// The port of this end.
  package var port: UInt16 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    // SAFETY: the system writes at most `length` bytes of the address.
    let found = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(descriptor, $0, &length) }
    }
    return found == 0 ? UInt16(bigEndian: address.sin_port) : 0
  }

  /// The next connection; nil where none comes within `seconds`.
  package func accept(within seconds: Double) -> StreamSocket? {
    guard isReady(Int16(POLLIN), within: seconds) else { return nil }
    let descriptor = Glibc.accept(self.descriptor, nil, nil)
    guard descriptor >= 0 else { return nil }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return StreamSocket(descriptor)
  }

  /// Whether something has come, or the other end has closed, within `seconds`.
  package func hasInput(within seconds: Double) -> Bool { isReady(Int16(POLLIN), within: seconds) }

  /// What has come, 64 KiB at most; empty at the end.
  /// - Throws: `io` where nothing comes within `seconds`.
  package func read(within seconds: Double) throws -> [UInt8] {
    guard isReady(Int16(POLLIN), within: seconds) else { throw SpudError(.io, "nothing came within \(seconds) s") }
    var block = [UInt8](repeating: 0, count: 1 << 16)
    let size = block.count
    // SAFETY: `recv` writes at most the count of the buffer.
    let count = unsafe block.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, size, 0) }
    guard count >= 0 else { throw SpudError(.io, "the connection was lost: \(Self.reason())") }
    return Array(block[..<count])
  }

  /// Sends all of `bytes`.
  /// - Throws: `io` where the other end takes none of them within `seconds`.
  package func write(_ bytes: [UInt8], within seconds: Double) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      guard isReady(Int16(POLLOUT), within: seconds) else { throw SpudError(.io, "nothing is read at the other end") }
      // SAFETY: `send` reads at most the count of the buffer.
      let count = unsafe rest.withUnsafeBytes {
        unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if count < 0, errno == EAGAIN || errno == EINTR { continue }
      guard count > 0 else { throw SpudError(.io, "the connection was lost: \(Self.reason())") }
      rest = rest.dropFirst(count)
    }
  }

  private func isReady(_ events: Int16, within seconds: Double) -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
      let left = max(0, (deadline - .now) / .milliseconds(1))
      var request = pollfd(fd: descriptor, events: events, revents: 0)
      // SAFETY: `poll` reads and writes one request.
      let found = unsafe poll(&request, 1, Int32(min(left.rounded(.up), 1_000_000)))
      if found > 0 { return true }
      if found == 0 || errno != EINTR, ContinuousClock.now >= deadline { return false }
    }
  }

  private static func make() throws -> StreamSocket {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SpudError(.io, "no socket could be made: \(reason())") }
    return StreamSocket(descriptor)
  }

  private static func withAddress(
    _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
  ) rethrows {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    // SAFETY: the address lives for the call, and is one of the kind that its length says.
    try unsafe withUnsafePointer(to: &address) { pointer in
      try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        try unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  private static func reason() -> String {
    // SAFETY: strerror returns a terminated string, copied before anything else can change it.
    unsafe String(cString: strerror(errno)).lowercased()
  }
}
