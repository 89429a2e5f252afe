internal import Glibc
internal import SpudErrors

/// A file being written beside its final place; it takes that place only when it is complete and on its device.
package struct AtomicFile: ~Copyable {
  private let descriptor: Int32
  private let path: String

  /// Opens a temporary file next to `path`, lets `body` write it, and renames it to `path`. A reader, and a machine
  /// that loses its power, finds the old file or the new one.
  ///
  /// If anything fails, whatever was at `path` stays, and so do its permissions otherwise. Where the file system allows
  /// it the temporary file has no name until it is complete, so that nothing of it is left however the process ends. A
  /// symbolic link at `path` is followed; a device or a pipe is written directly.
  /// - Throws: `SpudError.io`, or what `body` throws.
  package static func write(
    to path: String, calls: FileCalls = .system, _ body: (borrowing AtomicFile) throws -> Void
  ) throws {
    var status = stat()
    var target = path
    var permissions: mode_t?
    // SAFETY: here and below, paths are NUL-terminated copies that live for the call.
    if unsafe stat(path, &status) == 0 {
      switch status.st_mode & S_IFMT {
      case S_IFREG: (target, permissions) = (resolvingLinks(path), status.st_mode & 0o777)
      case S_IFDIR: throw SpudError(.io, "\(path): found a directory, expected a file to write")
      default: return try fill(try open(path, O_WRONLY, named: path), path, body)
      }
    }
    let temporary = "\(target).partial.\(getpid()).\(UInt32.random(in: 0...UInt32.max))"
    let nameless = try openNameless(in: parent(of: target), named: path)
    // A new file, never one that somebody else has put, or linked, there.
    let descriptor = try nameless ?? open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, named: path)
    do {
      try fill(descriptor, path) { file in
        if let permissions, fchmod(descriptor, permissions) != 0 { throw failure(path, "cannot be written") }
        try body(file)
        guard calls.synchronize(descriptor) == 0 else { throw failure(path, "cannot be written") }
        if nameless != nil { try name(descriptor, temporary, named: path) }
      }
      guard calls.rename(temporary, target) == 0 else { throw failure(path, "cannot be put in place") }
    } catch {
      unsafe unlink(temporary)
      throw error
    }
    // The new name is on the device only when the directory is.
    let directory = try open(parent(of: target), O_RDONLY | O_DIRECTORY, named: path)
    defer { close(directory) }
    guard calls.synchronize(directory) == 0 || errno == EINVAL else { throw failure(path, "cannot be put in place") }
  }

  /// Writes `bytes` to `path`, all of them or none.
  /// - Throws: `SpudError.io`.
  package static func write(_ bytes: [UInt8], to path: String) throws {
    try write(to: path) { try $0.write(bytes) }
  }

  package func write(_ bytes: [UInt8]) throws {
    // SAFETY: every bit pattern of the span's bytes is initialized.
    try unsafe write(bytes.span.bytes)
  }

  package func write(_ bytes: RawSpan) throws { try Self.write(bytes, to: descriptor, named: path) }

  /// Writes all of `bytes` to an open descriptor.
  /// - Throws: `SpudError.io`, with `name` in its sentence.
  package static func write(_ bytes: RawSpan, to descriptor: Int32, named name: String) throws {
    var offset = 0
    while offset < bytes.byteCount {
      let rest = bytes.extracting(offset..<bytes.byteCount)
      let count = unsafe rest.withUnsafeBytes { buffer in
        // SAFETY: the buffer is valid for the call, which reads at most its count.
        unsafe Glibc.write(descriptor, buffer.baseAddress, min(buffer.count, 1 << 30))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure(name, "cannot be written") }
      offset += count
    }
  }

  /// Has `body` write to the descriptor, and closes it.
  ///
  /// Swift 6.3.1 crashes where its optimizer inlines this: a value that cannot be copied, lent to a closure.
  @inline(never)
  private static func fill(
    _ descriptor: Int32, _ path: String, _ body: (borrowing AtomicFile) throws -> Void
  ) throws {
    do {
      try body(AtomicFile(descriptor: descriptor, path: path))
    } catch {
      close(descriptor)
      throw error
    }
    // It reports what a network file system could not store.
    guard close(descriptor) == 0 else { throw failure(path, "cannot be written") }
  }

  private static func open(_ path: String, _ flags: Int32, named name: String) throws -> Int32 {
    let descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure(name, flags & O_CREAT == 0 ? "cannot be opened" : "cannot be created") }
    return descriptor
  }

  /// A file in a directory that has no name yet; nil where the file system, or the lack of /proc, does not allow that.
  private static func openNameless(in directory: String, named name: String) throws -> Int32? {
    let flags = O_WRONLY | O_CLOEXEC | O_DIRECTORY | 0o20_000_000  // O_TMPFILE, which Swift does not import
    // SAFETY: as in `write`.
    guard unsafe access("/proc/self/fd", X_OK) == 0 else { return nil }
    let descriptor = unsafe Glibc.open(directory, flags, 0o666)
    if descriptor >= 0 { return descriptor }
    if [EOPNOTSUPP, EISDIR, EINVAL].contains(errno) { return nil }
    throw failure(name, "cannot be created")
  }

  /// Gives a nameless file its name.
  private static func name(_ descriptor: Int32, _ path: String, named name: String) throws {
    // SAFETY: as in `write`.
    let code = unsafe linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, path, AT_SYMLINK_FOLLOW)
    guard code == 0 else { throw failure(name, "cannot be put in place") }
  }

  private static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return String(path[...slash])
  }

  private static func resolvingLinks(_ path: String) -> String {
    // SAFETY: with no buffer given, `realpath` returns a NUL-terminated string that we own, or nil.
    guard let resolved = unsafe realpath(path, nil) else { return path }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  private static func failure(_ path: String, _ what: String) -> SpudError {
    SpudError(.io, "\(path): \(what): \(Descriptor.reason(errno))")
  }
}
