internal import Glibc

/// The system's calls that put a finished file in its place, as values, so that a test can record them or let one fail.
package struct FileCalls: Sendable {
  /// Has the device hold all that was written to a descriptor: `fsync`. 0, or -1 with `errno` set.
  package var synchronize: @Sendable (Int32) -> Int32
  /// Renames a file, over whatever bears the new name: `rename`. 0, or -1 with `errno` set.
  package var rename: @Sendable (String, String) -> Int32

  package init(
    synchronize: @escaping @Sendable (Int32) -> Int32, rename: @escaping @Sendable (String, String) -> Int32
  ) {
    self.synchronize = synchronize
    self.rename = rename
  }

  package static let system = FileCalls(
    synchronize: { fsync($0) },
    // SAFETY: both paths are NUL-terminated copies that live for the call.
    rename: { unsafe Glibc.rename($0, $1) })
}
