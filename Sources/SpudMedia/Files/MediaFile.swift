import Glibc
import SpudErrors

/// Whole files, read under a limit.
package enum MediaFile {
  /// Reads the file at `path`, or that of the same path in an archive that stands for one of its directories.
  ///
  /// - Parameter limit: the most bytes it may hold.
  /// - Throws: `noInput` if it cannot be opened or is a directory, `badData` if it is empty or longer than
  ///   `limit`, `io` if reading fails half-way.
  package static func read(_ path: String, limit: Int) throws -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let failure = errno
      if let bytes = try readPacked(path, limit: limit), !bytes.isEmpty { return bytes }
      throw SpudError(.noInput, "\(path): \(reason(failure))")
    }
    defer { close(descriptor) }

    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw SpudError(.io, "\(path): \(reason(errno))") }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw SpudError(.noInput, "\(path): found a directory, expected a file")
    }
    let isRegular = status.st_mode & S_IFMT == S_IFREG
    guard !isRegular || status.st_size <= limit else { throw tooLong(path, status.st_size, limit) }

    // A pipe has no size: it is read in pieces until it ends or breaks the limit. One byte beyond the size
    // of a regular file tells whether it grew meanwhile.
    var bytes: [UInt8] = []
    var capacity = isRegular ? Int(status.st_size) + 1 : 1 << 16
    while true {
      let count = bytes.count
      let wanted = capacity - count
      var received = 0
      unsafe bytes.append(addingCapacity: wanted) { buffer in
        // SAFETY: the buffer holds `wanted` bytes; `read` writes at most that many.
        repeat { received = unsafe Glibc.read(descriptor, buffer, wanted) } while received < 0 && errno == EINTR
        return max(received, 0)
      }
      if received < 0 { throw SpudError(.io, "\(path): reading failed: \(reason(errno))") }
      if received == 0 { break }
      guard bytes.count <= limit else { throw tooLong(path, bytes.count, limit) }
      if bytes.count == capacity { capacity *= 2 }
    }
    guard !bytes.isEmpty else { throw SpudError(.badData, "\(path): the file is empty") }
    return bytes
  }

  /// What `errno` means, in the C library's words.
  static func reason(_ number: Int32) -> String {
    // SAFETY: `strerror` returns a terminated string; it is copied before another call can change it.
    unsafe String(cString: strerror(number))
  }

  private static func tooLong(_ path: String, _ found: Int, _ limit: Int) -> SpudError {
    SpudError(.badData, "\(path): the file holds \(found) bytes or more, but at most \(limit) are accepted")
  }
}

extension Array where Element == UInt8 {
  /// Lets `fill` write up to `additional` bytes after the last; it returns how many it wrote.
  fileprivate mutating func append(addingCapacity additional: Int, fill: (UnsafeMutableRawPointer) -> Int) {
    let count = self.count
    reserveCapacity(count + additional)
    append(contentsOf: repeatElement(0, count: additional))
    let written = unsafe withUnsafeMutableBytes { buffer -> Int in
      // SAFETY: the array was just grown to `count` + `additional` > `count` bytes.
      guard let base = buffer.baseAddress else { return 0 }
      return unsafe fill(base + count)
    }
    removeLast(additional - written)
  }
}
