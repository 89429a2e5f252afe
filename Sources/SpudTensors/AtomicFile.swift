internal import Glibc
internal import SpudErrors

/// A file being written beside its final place; it takes that place only when it is complete.
package struct AtomicFile: ~Copyable {
  private let descriptor: Int32
  private let path: String

  /// Opens a temporary file next to `path`, lets `body` write it, and renames it to `path`.
  ///
  /// If anything fails, the temporary file is removed and whatever stood at `path` stays.
  /// - Throws: `SpudError.io`, or what `body` throws.
  package static func write(to path: String, _ body: (borrowing AtomicFile) throws -> Void) throws {
    let temporary = "\(path).partial.\(getpid()).\(UInt32.random(in: 0...UInt32.max))"
    // SAFETY: here and below, paths are NUL-terminated copies that live for the call.
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(path, "cannot be created") }
    do {
      do {
        try body(AtomicFile(descriptor: descriptor, path: path))
        guard fsync(descriptor) == 0 else { throw failure(path, "cannot be written") }
      } catch {
        close(descriptor)
        throw error
      }
      guard close(descriptor) == 0 else { throw failure(path, "cannot be written") }
      guard unsafe rename(temporary, path) == 0 else { throw failure(path, "cannot be put in place") }
    } catch {
      unsafe unlink(temporary)
      throw error
    }
  }

  package func write(_ bytes: [UInt8]) throws {
    // SAFETY: every bit pattern of the span's bytes is initialized.
    try unsafe write(bytes.span.bytes)
  }

  package func write(_ bytes: RawSpan) throws {
    var offset = 0
    while offset < bytes.byteCount {
      let rest = bytes.extracting(offset..<bytes.byteCount)
      let count = unsafe rest.withUnsafeBytes { buffer in
        // SAFETY: the buffer is valid for the call, which reads at most its count.
        unsafe Glibc.write(descriptor, buffer.baseAddress, min(buffer.count, 1 << 30))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure(path, "cannot be written") }
      offset += count
    }
  }

  private static func failure(_ path: String, _ what: String) -> SpudError {
    // SAFETY: strerror returns a NUL-terminated string, copied before anything else can change it.
    SpudError(.io, "\(path): \(what): \(unsafe String(cString: strerror(errno)).lowercased())")
  }
}
