internal import Glibc
internal import SpudErrors

/// The right to write a store, which one process at a time has. It ends with its owner, or with the process.
final class StoreLock: Sendable {
  let descriptor: Int32

  /// - Returns: Nil when another process has it, or nobody may: on a medium that cannot be written.
  static func take(_ path: String) throws -> StoreLock? {
    // SAFETY: the path is a NUL-terminated copy that lives for the call.
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    if descriptor < 0, errno == EROFS || errno == EACCES { return nil }
    guard descriptor >= 0 else { throw SystemFiles.failure(path, "cannot be opened") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      defer { close(descriptor) }
      if errno == EWOULDBLOCK { return nil }
      throw SystemFiles.failure(path, "cannot be locked")
    }
    return StoreLock(descriptor)
  }

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit {
    // A child that was forked and is no other program yet has the descriptor too: closing ours would not end the lock.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}
