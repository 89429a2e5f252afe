internal import Glibc
package import SpudErrors

/// The system's call that has another program take this one's place.
package enum ProgramCalls {
  /// Has the program at `path` go on in this process, with its files, its terminal and its number.
  ///
  /// - Parameter arguments: Those of the program, without its name.
  /// - Throws: `SpudError` (`unavailable`) when it cannot be started; otherwise this does not return.
  package static func replaceProcess(with path: String, arguments: [String]) throws(SpudError) -> Never {
    // SAFETY: the strings are copies that nobody frees; the array ends with nil, as execv wants it.
    unsafe _ = execv(path, ([path] + arguments).map { unsafe strdup($0) } + [nil])
    throw SpudError(.unavailable, "\(path): cannot be started (error \(errno))")
  }
}
